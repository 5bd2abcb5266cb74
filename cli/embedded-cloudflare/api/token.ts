import { timingSafeEqual } from 'node:crypto'
import { idOf } from '../state/identifier.ts'
import { ApiError, missingPermission, unauthorizedResource } from './api-error.ts'

/** A token that the API accepts. */
export interface TokenOptions {
  readonly value: string
  readonly name?: string
  /** A user's token, or one that the account owns. */
  readonly kind?: 'user' | 'account'
  /** Cloudflare's names, such as `Workers Scripts Write`; Write includes Read. */
  readonly permissions: 'all' | readonly string[]
  /** Ids of the accounts it is good for; all when absent. */
  readonly accounts?: readonly string[]
  /** Ids of the zones it is good for; all of its accounts when absent. */
  readonly zones?: readonly string[]
  readonly status?: 'active' | 'disabled' | 'expired'
  /** ISO 8601. */
  readonly expiresOn?: string
}

export type Token = TokenOptions & { readonly id: string }

/** The tokens that are accepted, by value. */
export class Tokens {
  readonly #tokens: Token[]

  constructor(options: readonly TokenOptions[]) {
    this.#tokens = options.map((token) => ({ ...token, id: idOf('token', token.value) }))
  }

  /** The token of an Authorization header; refuses in Cloudflare's words. */
  authenticate(header: string | undefined): Token {
    const value = /^Bearer ([\x21-\x7e]+)$/.exec(header ?? '')?.[1]
    if (header === undefined) throw new ApiError(400, 9106, 'Missing X-Auth-Key, X-Auth-Email or Authorization headers')
    if (value === undefined) throw new ApiError(400, 6003, 'Invalid request headers')
    const token = this.#tokens.find((candidate) => sameText(candidate.value, value))
    if (!token || token.status === 'disabled' || token.status === 'expired' || isPast(token.expiresOn)) {
      throw new ApiError(401, 1000, 'Invalid API Token')
    }
    return token
  }

  find(id: string): Token | undefined {
    return this.#tokens.find((token) => token.id === id)
  }

  get all(): readonly Token[] {
    return this.#tokens
  }
}

/** Refuses unless the token has the permission. */
export function requirePermission(token: Token, permission: string): void {
  if (hasPermission(token, permission)) return
  // What is the user's or the account's own answers so; products answer 10000.
  throw /^(User|Memberships|Account Settings|API Tokens|Account API Tokens|Zone) /.test(permission)
    ? unauthorizedResource()
    : missingPermission()
}

/** Whether the token has the permission, or the Write to this Read. */
export function hasPermission({ permissions }: TokenOptions, permission: string): boolean {
  if (permissions === 'all' || permissions.includes(permission)) return true
  return permissions.includes(permission.replace(/ Read$/, ' Write'))
}

function isPast(time: string | undefined): boolean {
  return time !== undefined && Date.parse(time) <= Date.now()
}

function sameText(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)]
  return left.length === right.length && timingSafeEqual(left, right)
}
