import type { WorkerName } from '../../shared/topology.ts'
import type { System } from './system.ts'

/** A Durable Object as this process calls it: every method answers later. */
// oxlint-disable-next-line typescript/no-explicit-any -- arguments and answers are the object's own
export type RemoteObject = Record<string, (...args: any[]) => Promise<any>>

interface Namespace {
  getByName(name: string): RemoteObject
}

function isNamespace(value: unknown): value is Namespace {
  return typeof value === 'object' && value !== null && 'getByName' in value
}

/** The objects of a class, by name. */
export async function objects(
  system: System,
  binding: string,
  worker: WorkerName = 'op-discovery',
): Promise<Namespace> {
  const namespace = (await system.local.env(worker))[binding]
  if (!isNamespace(namespace)) throw new Error(`${worker} has no ${binding}`)
  return namespace
}

/** The object of every shard. */
export async function everyShard(system: System, binding: string): Promise<RemoteObject[]> {
  const namespace = await objects(system, binding)
  return Array.from({ length: 8 }, (_, index) => namespace.getByName(`shard-${index}`))
}
