/** What `authrim destroy` takes away. Each call may be repeated: what is gone already is no failure. */
import * as v from 'valibot'
import { type AccountApi, attempt } from './account-api.ts'
import { hasCode, hasStatus } from './failure.ts'
import type { CustomDomain } from './routes.ts'

/** Removes a script with its versions and objects; refused by Cloudflare while another Worker is bound to it. */
export function removeScript(account: AccountApi, script: string): Promise<void> {
  const path = account.path(`workers/scripts/${encodeURIComponent(script)}`)
  return gone(`Removing the Worker ${script}`, path, () => account.client.delete(path))
}

export function removeDomain(account: AccountApi, { id, hostname }: CustomDomain): Promise<void> {
  return gone(`Removing the custom domain ${hostname}`, account.path('workers/domains'), () =>
    account.client.workers.domains.delete(id, { account_id: account.id }),
  )
}

export function removeDatabase(account: AccountApi, id: string, name: string): Promise<void> {
  return gone(`Removing the D1 database ${name}`, account.path('d1/database'), () =>
    account.client.d1.database.delete(id, { account_id: account.id }),
  )
}

export function removeNamespace(account: AccountApi, id: string, title: string): Promise<void> {
  return gone(`Removing the KV namespace ${title}`, account.path('storage/kv/namespaces'), () =>
    account.client.kv.namespaces.delete(id, { account_id: account.id }),
  )
}

const References = v.object({
  result: v.object({
    services: v.optional(v.object({ incoming: v.optional(v.array(v.looseObject({ name: v.string() })), []) })),
    durable_objects: v.optional(v.array(v.looseObject({ service: v.string() })), []),
  }),
})

/** Names of the scripts that are bound to one; none when there is no such script. */
export function listReferences(account: AccountApi, script: string): Promise<string[]> {
  const path = account.path(`workers/scripts/${encodeURIComponent(script)}/references`)
  return attempt(`Asking who uses ${script}`, path, async () => {
    try {
      const { result } = v.parse(References, await account.client.get(path))
      const names = [
        ...(result.services?.incoming.map(({ name }) => name) ?? []),
        ...result.durable_objects.map(({ service }) => service),
      ]
      return [...new Set(names)].filter((name) => name !== script)
    } catch (error) {
      if (isMissing(error)) return []
      throw error
    }
  })
}

function gone(what: string, path: string, remove: () => PromiseLike<unknown>): Promise<void> {
  return attempt(what, path, async () => {
    try {
      await remove()
    } catch (error) {
      if (!isMissing(error)) throw error
    }
  })
}

function isMissing(error: unknown): boolean {
  return hasStatus(error, 404) || hasCode(error, 10007, 10013, 10090)
}
