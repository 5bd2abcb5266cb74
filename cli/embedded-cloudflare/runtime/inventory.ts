import type { Account } from '../state/account.ts'
import { missingName } from './helper-workers.ts'
import { loadedWorkers } from './loaded-worker.ts'

/** What a running workerd holds, or has to hold, each described completely. Shares and routes are decided outside. */
export interface Inventory {
  /** Versions that host Durable Objects. */
  readonly hosts: ReadonlySet<string>
  /** Namespaces, databases, splitters and the other versions: nothing happens in them unless they are called. */
  readonly passive: ReadonlySet<string>
}

export function inventoryOf(accounts: readonly Account[]): Inventory {
  const { workers, splitters } = loadedWorkers(accounts, missingName)
  const hosts = new Set<string>()
  const passive = new Set(splitters.map((splitter) => JSON.stringify(splitter)))
  for (const { kvNamespaces, d1Databases } of accounts) {
    for (const { id } of kvNamespaces) passive.add(id)
    for (const { uuid } of d1Databases) passive.add(uuid)
  }
  for (const { version: _version, ...worker } of workers) {
    const place = Object.keys(worker.objects).length > 0 ? hosts : passive
    place.add(JSON.stringify(worker))
  }
  return { hosts, passive }
}

/**
 * Whether a workerd that holds the one can serve the other. What is not deployed any more may stay until the next start,
 * since no request is sent to it; but not what hosts objects, whose alarms would go on.
 */
export function covers(loaded: Inventory, wanted: Inventory): boolean {
  const sameHosts = loaded.hosts.size === wanted.hosts.size && wanted.hosts.isSubsetOf(loaded.hosts)
  return sameHosts && wanted.passive.isSubsetOf(loaded.passive)
}
