import * as v from 'valibot'
import { ok } from '../api/answer.ts'
import { ApiError } from '../api/api-error.ts'
import type { Call } from '../api/call.ts'
import { type Endpoint, endpoint } from '../api/endpoint.ts'
import { pagedAnswer } from '../api/paging.ts'
import { accountOf, type Cloud } from '../cloud.ts'
import type { Account, KvNamespace } from '../state/account.ts'
import { newId } from '../state/identifier.ts'

const bodySchema = v.object({ title: v.pipe(v.string(), v.minLength(1), v.maxLength(512)) })

/** The namespace of a path. */
export function kvNamespaceOf(cloud: Cloud, call: Call): { account: Account; namespace: KvNamespace } {
  const account = accountOf(cloud, call)
  const namespace = account.kvNamespaces.find(({ id }) => id === call.param('namespace'))
  if (!namespace) throw new ApiError(404, 10013, "get namespace: 'namespace not found'")
  return { account, namespace }
}

/** KV namespaces of an account. */
export function kvNamespaceEndpoints(cloud: Cloud): Endpoint[] {
  const path = '/accounts/:account/storage/kv/namespaces'
  const shown = (namespace: KvNamespace) => ({ ...namespace, supports_url_encoding: true })
  return [
    endpoint('GET', path, 'Workers KV Storage Read', (call) => {
      const { kvNamespaces } = accountOf(cloud, call)
      const descending = call.query.get('direction') === 'desc'
      const key = call.query.get('order') === 'id' ? 'id' : 'title'
      const sorted = kvNamespaces.toSorted((a, b) => (descending ? -1 : 1) * a[key].localeCompare(b[key]))
      return pagedAnswer(sorted.map(shown), call.query)
    }),
    endpoint('POST', path, 'Workers KV Storage Write', (call) => {
      const account = accountOf(cloud, call)
      const { title } = call.json(bodySchema)
      refuseTaken(account, title)
      const namespace = { id: newId(), title }
      account.kvNamespaces.push(namespace)
      cloud.store.save()
      return ok(shown(namespace))
    }),
    endpoint('GET', `${path}/:namespace`, 'Workers KV Storage Read', (call) =>
      ok(shown(kvNamespaceOf(cloud, call).namespace)),
    ),
    endpoint('PUT', `${path}/:namespace`, 'Workers KV Storage Write', (call) => {
      const { account, namespace } = kvNamespaceOf(cloud, call)
      const { title } = call.json(bodySchema)
      if (title !== namespace.title) refuseTaken(account, title)
      namespace.title = title
      cloud.store.save()
      return ok(shown(namespace))
    }),
    endpoint('DELETE', `${path}/:namespace`, 'Workers KV Storage Write', (call) => {
      const { account, namespace } = kvNamespaceOf(cloud, call)
      account.kvNamespaces.splice(account.kvNamespaces.indexOf(namespace), 1)
      cloud.store.save()
      return ok(null)
    }),
  ]
}

function refuseTaken({ kvNamespaces }: Account, title: string): void {
  if (!kvNamespaces.some((other) => other.title === title)) return
  throw new ApiError(400, 10014, "create namespace: 'A namespace with this account ID and title already exists.'")
}
