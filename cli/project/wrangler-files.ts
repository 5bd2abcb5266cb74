import type { Environment } from '../../shared/config.ts'
import { environmentWorkers, type WorkerName } from '../../shared/topology.ts'
import { isEditedByHand, renderWranglerToml } from '../render/wrangler-toml.ts'
import { lineDifference } from './line-difference.ts'
import { readProjectFile, writeProjectFile } from './project-file.ts'
import { forRendering, type Resources } from './resources-file.ts'

/** The wrangler.toml of a Worker as it should be, and what stands in its place. */
export interface WranglerFile {
  readonly worker: WorkerName
  readonly path: string
  readonly text: string
  readonly state: 'same' | 'missing' | 'outdated' | 'edited'
  /** Lines that would go (`-`) and come (`+`). */
  readonly difference: readonly string[]
}

/** The wrangler.toml files of an environment. */
export function wranglerFiles(root: string, environment: Environment, resources: Resources): WranglerFile[] {
  return environmentWorkers(resources.zone !== undefined).map((worker) => {
    const path = `environments/${environment.name}/${worker}/wrangler.toml`
    const text = renderWranglerToml(worker, environment, forRendering(resources))
    const found = readProjectFile(root, path)
    if (found === undefined) return { worker, path, text, state: 'missing', difference: [] }
    if (found === text) return { worker, path, text, state: 'same', difference: [] }
    const state = isEditedByHand(found) ? 'edited' : 'outdated'
    return { worker, path, text, state, difference: lineDifference(found, text) }
  })
}

/** Writes those that are not as they should be. */
export function writeWranglerFiles(root: string, files: readonly WranglerFile[]): void {
  for (const { path, text, state } of files) if (state !== 'same') writeProjectFile(root, path, text)
}
