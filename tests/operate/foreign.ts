import type { Document, Workshop } from '../cli/workshop.ts'

/** Calls the embedded Cloudflare's API as its owner; the result of the answer. */
export async function callApi(shop: Workshop, path: string, init: RequestInit = {}): Promise<Document> {
  const { apiBase, token } = shop.cloudflare
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
  const answer: { result: Document } = await (await fetch(apiBase + path, { ...init, headers })).json()
  return answer.result
}

function accountPath(shop: Workshop): string {
  return `/accounts/${shop.cloudflare.accounts[0]?.id}`
}

/** Things of somebody else, with names as near as can be. */
export async function makeForeignThings(shop: Workshop) {
  await callApi(shop, `${accountPath(shop)}/storage/kv/namespaces`, {
    method: 'POST',
    body: JSON.stringify({ title: 'authrim-staging-CLIENTS' }),
  })
  await callApi(shop, `${accountPath(shop)}/d1/database`, {
    method: 'POST',
    body: JSON.stringify({ name: 'authrim-local-copy' }),
  })
  const form = new FormData()
  form.append('metadata', JSON.stringify({ main_module: 'index.js', compatibility_date: '2026-11-01' }))
  const module = new File(['export default { fetch: () => new Response("mine") }'], 'index.js', {
    type: 'application/javascript+module',
  })
  form.append('index.js', module)
  const { apiBase, token } = shop.cloudflare
  await fetch(`${apiBase}${accountPath(shop)}/workers/scripts/authrim-local-op-tokens`, {
    method: 'PUT',
    body: form,
    headers: { authorization: `Bearer ${token}` },
  })
  const zone = shop.cloudflare.zones[0]?.id
  await callApi(shop, `/zones/${zone}/workers/routes`, {
    method: 'POST',
    body: JSON.stringify({ pattern: 'localhost/mine*', script: 'authrim-local-op-tokens' }),
  })
  return {
    scripts: ['authrim-local-op-tokens'],
    namespaces: ['authrim-staging-CLIENTS'],
    databases: ['authrim-local-copy'],
    routes: ['localhost/mine*'],
    domains: [],
  }
}

/** Names of all that is in the account. */
export async function everything(shop: Workshop) {
  const names = async (path: string, member: string): Promise<unknown[]> => {
    const items: Record<string, unknown>[] = await callApi(shop, path)
    return items.map((item) => item[member])
  }
  return {
    scripts: await names(`${accountPath(shop)}/workers/scripts`, 'id'),
    namespaces: await names(`${accountPath(shop)}/storage/kv/namespaces?per_page=100`, 'title'),
    databases: await names(`${accountPath(shop)}/d1/database`, 'name'),
    routes: await names(`/zones/${shop.cloudflare.zones[0]?.id}/workers/routes`, 'pattern'),
    domains: await names(`${accountPath(shop)}/workers/domains`, 'hostname'),
  }
}
