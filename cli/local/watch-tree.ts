import { type FSWatcher, readdirSync, watch } from 'node:fs'
import { join } from 'node:path'

/**
 * Tells of any change below the folders, with the path of what changed where the system says which. Each folder is
 * watched by itself: Node's recursive watch on Linux loses a file that an editor replaced by another of its name.
 */
export function watchTree(roots: readonly string[], onChange: (path: string | undefined) => void): () => void {
  const watchers = new Map<string, FSWatcher>()

  function forget(folder: string): void {
    watchers.get(folder)?.close()
    watchers.delete(folder)
  }

  function follow(folder: string): void {
    try {
      if (!watchers.has(folder)) {
        const watcher = watch(folder, (_, name) => {
          follow(folder)
          onChange(name === null ? undefined : join(folder, name))
        })
        watcher.on('error', () => forget(folder))
        watchers.set(folder, watcher)
      }
      for (const entry of readdirSync(folder, { withFileTypes: true })) {
        if (entry.isDirectory()) follow(join(folder, entry.name))
      }
    } catch {
      // Removed meanwhile; the folder above tells of it.
      forget(folder)
    }
  }

  for (const root of roots) follow(root)
  return () => {
    for (const folder of watchers.keys()) forget(folder)
  }
}
