import { join } from 'node:path'
import type { BuildContext } from 'esbuild'
import { type WorkerName, workerNames } from '../../shared/topology.ts'
import { readBundle } from '../bundle/manifest.ts'
import { authrimPackage } from '../bundle/package-root.ts'
import { bundleFailure } from '../bundle-failure.ts'
import { bundleWorker, hasSource, workerBuildOptions } from '../bundle/worker-bundle.ts'
import { watchTree } from './watch-tree.ts'
import type { Scripts } from './workers.ts'

const withInputs = { metafile: true } as const

/** True in the repository, where Workers are bundled from source. */
export function fromSource(): boolean {
  return workerNames.some((worker) => hasSource(worker))
}

/** The code of every Worker: bundled from source in the repository, as published in the package. */
export async function loadScripts(): Promise<Scripts> {
  const source = fromSource()
  const load = async (worker: WorkerName) => (source ? bundleWorker(worker) : readBundle(worker))
  const bundles = await Promise.all(workerNames.map(load)).catch(bundleFailure)
  return new Map(bundles.map(({ worker, code }) => [worker, new TextDecoder().decode(code)]))
}

export interface ScriptWatcher {
  readonly onChange: (scripts: Scripts, changed: readonly WorkerName[]) => Promise<void>
  /** Text of what does not compile. */
  readonly onError: (message: string) => void
}

/**
 * Bundles again when a source changes, and tells when a bundle became another one. Files are watched here and not by
 * esbuild, which looks at them in turn and may take two seconds to see a change.
 */
export async function watchScripts(first: Scripts, watcher: ScriptWatcher): Promise<() => Promise<void>> {
  const { context } = await import('esbuild')
  const { root } = authrimPackage()
  const contexts = new Map<WorkerName, BuildContext<typeof withInputs>>()
  /** The files that a Worker was made of; unknown before it was made here, and after it failed. */
  const inputs = new Map<WorkerName, ReadonlySet<string>>()
  const changes = new Set<string | undefined>()
  let current = first
  let timer: NodeJS.Timeout | undefined
  let turn = Promise.resolve()

  const bundle = async (worker: WorkerName) => {
    const builder = contexts.get(worker) ?? (await context({ ...workerBuildOptions(worker), ...withInputs }))
    contexts.set(worker, builder)
    const { metafile, outputFiles } = await builder.rebuild()
    const files = new Set(Object.keys(metafile.inputs).map((path) => join(root, path)))
    return { worker, code: outputFiles?.[0]?.text ?? '', files }
  }
  const rebuild = async () => {
    const paths = [...changes]
    changes.clear()
    const affected = workerNames.filter((worker) => {
      const files = inputs.get(worker)
      return !files || paths.some((path) => path === undefined || files.has(path))
    })
    // Where one of them fails, all are made again next time.
    for (const worker of affected) inputs.delete(worker)
    const bundles = await Promise.all(affected.map(bundle))
    for (const { worker, files } of bundles) inputs.set(worker, files)
    const next = new Map([...current, ...bundles.map(({ worker, code }) => [worker, code] as const)])
    const changed = workerNames.filter((worker) => next.get(worker) !== current.get(worker))
    if (changed.length === 0) return
    current = next
    await watcher.onChange(next, changed)
  }
  const schedule = (path?: string) => {
    changes.add(path)
    clearTimeout(timer)
    // Editors write a file in several steps.
    timer = setTimeout(() => {
      turn = turn.then(rebuild).catch(async (error: unknown) => watcher.onError(await failureText(error)))
    }, 30)
  }
  // Made once, so that a change finds them ready and known.
  schedule()
  const unwatch = watchTree([join(root, 'workers'), join(root, 'shared')], schedule)
  return async () => {
    clearTimeout(timer)
    unwatch()
    await turn
    await Promise.all([...contexts.values()].map((each) => each.dispose()))
  }
}

async function failureText(error: unknown): Promise<string> {
  if (error instanceof Error && 'errors' in error && Array.isArray(error.errors)) {
    const { formatMessages } = await import('esbuild')
    return (await formatMessages(error.errors, { kind: 'error', color: false })).join('').trimEnd()
  }
  return error instanceof Error ? error.message : String(error)
}
