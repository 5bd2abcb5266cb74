import { isWorkerName, type WorkerName, publishedWorkers } from '../../shared/topology.ts'
import { usageError } from '../error.ts'

/** Names of Workers as they were typed. */
export function parseWorkers(names: readonly string[], where: string): WorkerName[] {
  return names.map((name) => {
    const trimmed = name.trim()
    if (isWorkerName(trimmed)) return trimmed
    throw usageError(`${where}: there is no Worker ${trimmed || '(empty)'}.`, `Workers: ${publishedWorkers.join(', ')}`)
  })
}
