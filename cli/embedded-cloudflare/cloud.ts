import { ApiError, unauthorizedResource } from './api/api-error.ts'
import type { Call } from './api/call.ts'
import type { Tokens } from './api/token.ts'
import type { Invocations } from './runtime/invocations.ts'
import type { Runtime } from './runtime/runtime.ts'
import type { Tails } from './runtime/tails.ts'
import type { Validator } from './runtime/validator.ts'
import type { Account } from './state/account.ts'
import type { Script } from './state/script.ts'
import type { Store } from './state/store.ts'
import type { Zone } from './state/zone.ts'

/** What the endpoints work on. */
export interface Cloud {
  readonly store: Store
  readonly runtime: Runtime
  readonly validator: Validator
  readonly tails: Tails
  readonly invocations: Invocations
  readonly tokens: Tokens
  /** `ws://host:port` of the API. */
  readonly socketOrigin: () => string
}

/** The account of a path, if the token may see it. */
export function accountOf({ store }: Cloud, call: Call): Account {
  const account = store.accounts.find(({ id }) => id === call.param('account'))
  if (account && mayUseAccount(call.token, account)) return account
  if (account) throw new ApiError(403, 10000, 'Authentication error')
  if (!/^[0-9a-f]{32}$/.test(call.param('account'))) {
    throw new ApiError(400, 7003, 'Could not route to this path, perhaps your object identifier is invalid?')
  }
  throw unauthorizedResource()
}

/** The zone of a path, if the token may see it. */
export function zoneOf({ store }: Cloud, call: Call): Zone {
  const zone = store.zones.find(({ id }) => id === call.param('zone'))
  if (zone && mayUseZone(call.token, zone)) return zone
  throw zone ? unauthorizedResource() : new ApiError(404, 1001, 'Invalid zone identifier')
}

/** The Worker of a path. */
export function scriptOf(cloud: Cloud, call: Call): { account: Account; script: Script } {
  const account = accountOf(cloud, call)
  const name = call.param('script')
  const script = account.scripts.find((candidate) => candidate.name === name || candidate.tag === name)
  if (!script) throw new ApiError(404, 10007, 'This Worker does not exist on your account.')
  return { account, script }
}

/** Whether a token is good for an account. */
export function mayUseAccount({ accounts }: Call['token'], { id }: Account): boolean {
  return accounts === undefined || accounts.includes(id)
}

/** Whether a token is good for a zone. */
export function mayUseZone({ accounts, zones }: Call['token'], { id, accountId }: Zone): boolean {
  return (accounts === undefined || accounts.includes(accountId)) && (zones === undefined || zones.includes(id))
}
