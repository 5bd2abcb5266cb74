import type { WorkerContext } from '../../shared/http/context.ts'
import { readForm } from '../../shared/http/form.ts'
import { StaleClient } from '../../shared/stores/grants.ts'
import type { TokenDeps, TokenRequest } from './grant-types/grant-type.ts'
import { grantTypeFor } from './grant-types/registry.ts'

/** Token endpoint, RFC 6749 §3.2. */
export async function token(c: WorkerContext<TokenDeps>): Promise<Response> {
  const { deps, now, log } = c.var
  const params = (await readForm(c.req.raw)).unrepeated()
  const client = await deps.authenticator.authenticate(c.req.raw, params, '/token', now)
  log['client_id'] = client.client_id
  log['grant_type'] = params.get('grant_type')
  const grantType = grantTypeFor(params, client)
  const request: TokenRequest = { params, client, deps, now }
  const tokens = await grantType.issue(request).catch(async (error: unknown) => {
    if (!(error instanceof StaleClient)) throw error
    // The client changed since this isolate read it, so what it proved has to be proven against the new record.
    const latest = await deps.authenticator.reauthenticate(c.req.raw, params, '/token', now)
    return grantTypeFor(params, latest).issue({ ...request, client: latest })
  })
  return Response.json(tokens, { headers: { 'cache-control': 'no-store', pragma: 'no-cache' } })
}
