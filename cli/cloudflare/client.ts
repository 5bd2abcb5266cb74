import { BaseAccounts } from 'cloudflare/resources/accounts/accounts'
import { BaseTokens } from 'cloudflare/resources/user/tokens/tokens'
import { BaseDatabase } from 'cloudflare/resources/d1/database'
import { BaseRecords } from 'cloudflare/resources/dns/records'
import { BaseNamespaces } from 'cloudflare/resources/kv/namespaces/namespaces'
import { BaseDomains } from 'cloudflare/resources/workers/domains'
import { BaseRoutes } from 'cloudflare/resources/workers/routes'
import { BaseDeployments } from 'cloudflare/resources/workers/scripts/deployments'
import { BaseTail } from 'cloudflare/resources/workers/scripts/tail'
import { BaseZones } from 'cloudflare/resources/zones/zones'
import { createClient } from 'cloudflare/tree-shakable'
import type { CloudflareAccess } from './account.ts'

/** The SDK with the resources that authrim uses. A line a request: method, path, status, time; never headers or bodies. */
export function cloudflareClient({ apiBase, token }: CloudflareAccess, onRequest?: (line: string) => void) {
  return createClient({
    resources: [
      BaseAccounts,
      BaseTokens,
      BaseDatabase,
      BaseRecords,
      BaseNamespaces,
      BaseDomains,
      BaseRoutes,
      BaseDeployments,
      BaseTail,
      BaseZones,
    ],
    apiToken: token,
    // The SDK would read another variable than wrangler does.
    baseURL: apiBase,
    maxRetries: 3,
    timeout: Number(process.env['AUTHRIM_CLOUDFLARE_TIMEOUT'] ?? 20) * 1000,
    logLevel: 'off',
    fetch: wholeAnswers(onRequest),
  })
}

export type CloudflareClient = ReturnType<typeof cloudflareClient>

/**
 * Answers that came whole and are JSON. What was cut off, or comes from a proxy in between, counts as no answer, so the
 * SDK asks again instead of taking it for an empty list.
 */
function wholeAnswers(onRequest: (line: string) => void = () => undefined): typeof fetch {
  return async (input, init) => {
    const started = performance.now()
    const url = new URL(input instanceof Request ? input.url : input)
    const line = (outcome: string | number) =>
      onRequest(
        `${init?.method ?? 'GET'} ${url.pathname}${url.search} ${outcome} ${Math.round(performance.now() - started)} ms`,
      )
    try {
      const response = await fetch(input, init)
      const text = await response.text()
      line(response.status)
      if (response.ok && text !== '' && !isJson(text)) throw new TypeError('its answer is no JSON')
      const { status, statusText, headers } = response
      return new Response(status === 204 ? null : text, { status, statusText, headers })
    } catch (error) {
      if (!(error instanceof TypeError && error.message.startsWith('its answer'))) line('failed after')
      throw error
    }
  }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}
