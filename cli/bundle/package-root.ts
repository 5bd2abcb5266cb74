import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import * as v from 'valibot'

const Manifest = v.object({ name: v.literal('authrim'), version: v.string() })

export interface AuthrimPackage {
  /** The folder that holds package.json, templates/ and dist/: the repository or the installed package. */
  readonly root: string
  readonly version: string
}

/** Finds authrim's own package from wherever this code runs: a source file here, or a chunk in dist/cli. */
export function authrimPackage(from = dirname(fileURLToPath(import.meta.url))): AuthrimPackage {
  for (let folder = from; ; folder = dirname(folder)) {
    const file = join(folder, 'package.json')
    if (existsSync(file)) {
      const manifest = v.safeParse(Manifest, JSON.parse(readFileSync(file, 'utf8')))
      if (manifest.success) return { root: folder, version: manifest.output.version }
    }
    if (folder === dirname(folder)) throw new Error(`no package.json of authrim above ${from}`)
  }
}
