import { ok } from '../api/answer.ts'
import { ApiError, unauthorizedResource } from '../api/api-error.ts'
import type { Call } from '../api/call.ts'
import { type Endpoint, endpoint } from '../api/endpoint.ts'
import { pagedAnswer } from '../api/paging.ts'
import { permissionGroups } from '../api/permissions.ts'
import type { Token } from '../api/token.ts'
import { accountOf, type Cloud, mayUseAccount } from '../cloud.ts'
import type { Account } from '../state/account.ts'

const user = { id: '0123456789abcdef0123456789abcdef', email: 'operator@example.com' }

/** Who the token is, what it may do, and the accounts it sees. */
export function identityEndpoints(cloud: Cloud): Endpoint[] {
  const { store, tokens } = cloud
  const visible = (call: Call) => store.accounts.filter((account) => mayUseAccount(call.token, account))
  const found = (id: string) => {
    const token = tokens.find(id)
    if (!token) throw new ApiError(404, 1003, 'API Token not found')
    return token
  }
  return [
    endpoint('GET', '/user', 'User Details Read', (call) => {
      if (call.token.kind === 'account') throw unauthorizedResource()
      return ok(user)
    }),
    endpoint('GET', '/user/tokens/verify', undefined, ({ token }) => verified(token, 'user')),
    endpoint('GET', '/user/tokens/permission_groups', undefined, () => ok(permissionGroups)),
    endpoint('GET', '/user/tokens', 'API Tokens Read', (call) =>
      pagedAnswer(tokens.all.filter(({ kind }) => kind !== 'account').map(shown(cloud)), call.query),
    ),
    endpoint('GET', '/user/tokens/:token', 'API Tokens Read', (call) => ok(shown(cloud)(found(call.param('token'))))),
    endpoint('GET', '/accounts/:account/tokens/verify', undefined, (call) => {
      accountOf(cloud, call)
      return verified(call.token, 'account')
    }),
    endpoint('GET', '/accounts/:account/tokens/permission_groups', undefined, (call) => {
      accountOf(cloud, call)
      return ok(permissionGroups)
    }),
    endpoint('GET', '/accounts/:account/tokens/:token', 'Account API Tokens Read', (call) => {
      accountOf(cloud, call)
      return ok(shown(cloud)(found(call.param('token'))))
    }),
    endpoint('GET', '/memberships', 'Memberships Read', (call) =>
      pagedAnswer(
        visible(call).map((account) => ({ id: account.id, status: 'accepted', account: shownAccount(account) })),
        call.query,
      ),
    ),
    endpoint('GET', '/accounts', undefined, (call) => {
      const name = call.query.get('name')
      const accounts = visible(call).filter((account) => name === null || account.name === name)
      return pagedAnswer(accounts.map(shownAccount), call.query)
    }),
    endpoint('GET', '/accounts/:account', 'Account Settings Read', (call) => ok(shownAccount(accountOf(cloud, call)))),
  ]
}

function verified(token: Token, kind: 'user' | 'account') {
  // A token of one kind is unknown at the other's address.
  if ((token.kind ?? 'user') !== kind) throw new ApiError(401, 1000, 'Invalid API Token')
  return {
    result: { id: token.id, status: 'active', ...(token.expiresOn !== undefined && { expires_on: token.expiresOn }) },
    messages: [{ code: 10000, message: 'This API Token is valid and active', type: null }],
  }
}

function shown({ store }: Cloud) {
  return (token: Token) => {
    const accounts = token.accounts ?? store.accounts.map(({ id }) => id)
    const resources = Object.fromEntries([
      ...accounts.map((id) => [`com.cloudflare.api.account.${id}`, '*']),
      ...(token.zones
        ? token.zones.map((id) => [`com.cloudflare.api.account.zone.${id}`, '*'])
        : [['com.cloudflare.api.account.zone.*', '*']]),
    ])
    const { permissions } = token
    const groups = permissionGroups.filter(({ name }) => permissions === 'all' || permissions.includes(name))
    return {
      id: token.id,
      name: token.name ?? 'token',
      status: token.status ?? 'active',
      policies: [{ id: token.id, effect: 'allow', resources, permission_groups: groups }],
      ...(token.expiresOn !== undefined && { expires_on: token.expiresOn }),
    }
  }
}

function shownAccount({ id, name, createdOn }: Account) {
  return { id, name, type: 'standard', settings: { enforce_twofactor: false }, created_on: createdOn }
}
