import { publishedWorkers, workerNames, type WorkerName, workerTopology } from '../../shared/topology.ts'
import { BundleError } from './bundle-error.ts'
import { readBundle, readManifest, writeBundles } from './manifest.ts'
import { type AuthrimPackage, authrimPackage } from './package-root.ts'
import { squeeze } from './squeeze.ts'
import { bundleWorker, hasSource, type WorkerBundle } from './worker-bundle.ts'

export interface WorkerSize {
  readonly worker: WorkerName
  readonly sha256: string
  readonly bytes: number
  readonly gzipBytes: number
  readonly budgetBytes: number
  readonly overBudget: boolean
}

export interface WorkersBuild {
  readonly release: string
  /** `source`: bundled now. `shipped`: the published bundles, each checked against its hash. */
  readonly from: 'source' | 'shipped'
  readonly workers: readonly WorkerSize[]
  readonly overBudget: boolean
}

/** Bundles the named Workers (all by default) where there are sources; else verifies what was shipped. */
export async function buildWorkers(
  names: readonly WorkerName[] = publishedWorkers,
  authrim: AuthrimPackage = authrimPackage(),
): Promise<WorkersBuild> {
  const { root, version } = authrim
  if (workerNames.some((worker) => hasSource(worker, root))) {
    const missing = names.filter((worker) => !hasSource(worker, root))
    if (missing.length > 0) throw new BundleError(`no sources of ${missing.join(', ')}`, 'authrim build')
    const bundles = await Promise.all(names.map(async (worker) => squeeze(await bundleWorker(worker, authrim))))
    writeBundles(bundles, version, root)
    return report(version, 'source', bundles)
  }
  const bundles = names.map((worker) => readBundle(worker, root))
  return report(readManifest(root)?.release ?? version, 'shipped', bundles)
}

function report(release: string, from: WorkersBuild['from'], bundles: readonly WorkerBundle[]): WorkersBuild {
  const workers = bundles.map(({ worker, sha256, bytes, gzipBytes }) => {
    const budgetBytes = workerTopology(worker).gzipBudget * 1024
    return { worker, sha256, bytes, gzipBytes, budgetBytes, overBudget: gzipBytes > budgetBytes }
  })
  return { release, from, workers, overBudget: workers.some((size) => size.overBudget) }
}

/** The rows of the size table, as text: what, raw, gzip, budget, share of it. */
export function sizeRows(workers: readonly WorkerSize[]): string[][] {
  return workers.map(({ worker, bytes, gzipBytes, budgetBytes, overBudget }) => [
    worker,
    kib(bytes),
    kib(gzipBytes),
    kib(budgetBytes),
    `${Math.round((gzipBytes / budgetBytes) * 100)} %${overBudget ? ' over budget' : ''}`,
  ])
}

/** Bytes as KiB with one decimal. */
export function kib(bytes: number): string {
  return `${(bytes / 1024).toFixed(1)} KiB`
}
