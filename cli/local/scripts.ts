import { join } from 'node:path'
import type { BuildContext } from 'esbuild'
import { type WorkerName, workerNames } from '../../shared/topology.ts'
import { readBundle } from '../bundle/manifest.ts'
import { authrimPackage } from '../bundle/package-root.ts'
import { bundleFailure } from '../bundle-failure.ts'
import { bundleWorker, hasSource, workerBuildOptions } from '../bundle/worker-bundle.ts'
import { watchTree } from './watch-tree.ts'
import type { Scripts } from './workers.ts'

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
  const contexts = new Map<WorkerName, BuildContext>()
  let current = first
  let timer: NodeJS.Timeout | undefined
  let turn = Promise.resolve()

  const rebuild = async () => {
    const built: (readonly [WorkerName, string])[] = []
    for (const worker of workerNames) {
      const builder = contexts.get(worker) ?? (await context(workerBuildOptions(worker)))
      contexts.set(worker, builder)
      const { outputFiles } = await builder.rebuild()
      built.push([worker, outputFiles?.[0]?.text ?? ''])
    }
    const next = new Map(built)
    const changed = workerNames.filter((worker) => next.get(worker) !== current.get(worker))
    if (changed.length === 0) return
    current = next
    await watcher.onChange(next, changed)
  }
  const schedule = () => {
    clearTimeout(timer)
    // Editors write a file in several steps.
    timer = setTimeout(() => {
      turn = turn.then(rebuild).catch(async (error: unknown) => watcher.onError(await failureText(error)))
    }, 30)
  }
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
