import { randomUUID } from 'node:crypto'
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import * as v from 'valibot'
import type { WorkerName } from '../../shared/topology.ts'
import { BundleError } from './bundle-error.ts'
import { authrimPackage } from './package-root.ts'
import { digestOf, type WorkerBundle } from './worker-bundle.ts'

const Size = v.pipe(v.number(), v.integer(), v.minValue(0))

const Manifest = v.object({
  release: v.string(),
  workers: v.record(
    v.string(),
    v.object({
      file: v.string(),
      sha256: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/)),
      bytes: Size,
      gzipBytes: Size,
    }),
  ),
})

/** dist/workers/manifest.json: what the bundles of one release are. */
export type BundleManifest = v.InferOutput<typeof Manifest>

/** The folder of the bundles, in the repository after a build and in the installed package. */
export function bundleFolder(root = authrimPackage().root): string {
  return join(root, 'dist', 'workers')
}

/** Reads the manifest; undefined when nothing was built yet. */
export function readManifest(root = authrimPackage().root): BundleManifest | undefined {
  let text: string
  try {
    text = readFileSync(join(bundleFolder(root), 'manifest.json'), 'utf8')
  } catch {
    return undefined
  }
  return v.parse(Manifest, JSON.parse(text))
}

/** Writes bundles and the manifest; bundles of the same release that were not made again stay listed. */
export function writeBundles(bundles: readonly WorkerBundle[], release: string, root = authrimPackage().root): void {
  const folder = bundleFolder(root)
  const former = readManifest(root)
  const entries = new Map(former?.release === release ? Object.entries(former.workers) : [])
  for (const { worker, code, sha256, bytes, gzipBytes } of bundles) {
    const file = `${worker}.js`
    replaceFile(join(folder, file), code)
    entries.set(worker, { file, sha256, bytes, gzipBytes })
  }
  const workers = Object.fromEntries([...entries].toSorted(([a], [b]) => (a < b ? -1 : 1)))
  replaceFile(join(folder, 'manifest.json'), `${JSON.stringify({ release, workers }, null, 2)}\n`)
}

/** The shipped bundle of a Worker; refused unless it is, byte for byte, the one in the manifest. */
export function readBundle(worker: WorkerName, root = authrimPackage().root): WorkerBundle {
  const entry = readManifest(root)?.workers[worker]
  if (!entry) throw new BundleError(`there is no bundle of ${worker}`, 'npm run build')
  const code = readFileSync(join(bundleFolder(root), `${worker}.js`))
  const sha256 = digestOf(code)
  if (sha256 !== entry.sha256) {
    throw new BundleError(
      `the bundle of ${worker} was altered: its SHA-256 is ${sha256}, the manifest says ${entry.sha256}`,
      'npm ci',
    )
  }
  return { worker, code, sha256, bytes: entry.bytes, gzipBytes: entry.gzipBytes }
}

/** A reader sees the old file or the new one, never half of it. */
function replaceFile(path: string, contents: string | Uint8Array): void {
  mkdirSync(dirname(path), { recursive: true })
  const temporary = `${path}.${randomUUID()}`
  writeFileSync(temporary, contents)
  renameSync(temporary, path)
}
