import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { bundleFolder, readBundle, readManifest, writeBundles } from '../../cli/bundle/manifest.ts'
import { authrimPackage } from '../../cli/bundle/package-root.ts'
import { bundleWorker, measure } from '../../cli/bundle/worker-bundle.ts'
import { type WorkerName, publishedWorkers } from '../../shared/topology.ts'
import { commandParts, publishedTested } from '../support/command.ts'

/** An installed authrim of its own, whose bundles a test may change as a new release would. */
export interface PackageCopy {
  readonly root: string
  /** Gives a Worker other code. */
  change(worker: WorkerName, edit: (code: string) => string): void
  /** Puts back what was bundled first. */
  restore(): void
  remove(): void
}

export async function copyPackage(): Promise<PackageCopy> {
  const { root: repository, version } = authrimPackage()
  const root = mkdtempSync(join(tmpdir(), 'authrim-package-'))
  for (const part of commandParts) {
    cpSync(join(repository, part), join(root, part), { recursive: true })
  }
  symlinkSync(join(repository, 'node_modules'), join(root, 'node_modules'))
  const bundles = await Promise.all(
    publishedWorkers.map(async (worker) => (publishedTested ? readBundle(worker) : bundleWorker(worker))),
  )
  if (!publishedTested) writeBundles(bundles, version, root)
  return {
    root,
    change: (worker, edit) => editBundle(worker, edit, root),
    restore: () => writeBundles(bundles, version, root),
    remove: () => rmSync(root, { recursive: true, force: true }),
  }
}

/** Gives a Worker of the package at `root` other code, with a manifest that says so. */
export function editBundle(worker: WorkerName, edit: (code: string) => string, root: string): void {
  const code = readFileSync(join(bundleFolder(root), `${worker}.js`), 'utf8')
  const { release = '' } = readManifest(root) ?? {}
  writeBundles([measure(worker, new TextEncoder().encode(edit(code)))], release, root)
  readBundle(worker, root)
}
