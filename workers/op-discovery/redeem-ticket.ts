import { base64url } from 'jose'
import type { GatePerson } from '../../shared/protocol/key-lease.ts'
import type { Operator } from '../../shared/stores/durable-objects/operator-registry.ts'
import { gate } from '../../shared/topology.ts'

/** Clocks may differ by this much. Seconds. */
const tolerance = 10

/** An honest one is a fifth of this. */
const longestTicket = 4096

export interface TicketRules {
  readonly issuer: string
  /** The operator who holds a key, unless it was removed. */
  readonly operator: (kid: string) => Promise<Operator | undefined>
  /** True for the first caller with this key until it expires. */
  readonly once: (key: string, expiresAt: number) => Promise<boolean>
}

/**
 * Whether a ticket signs a person of the deploy gate in. It is signed by an operator for one person of one
 * environment, lives no longer than the person does, and counts once; a real person has none, since the address tells
 * them apart and the account would have to be minutes old. `now` in seconds.
 */
export async function redeemTicket(
  ticket: string,
  { email, createdAt }: GatePerson,
  { issuer, operator, once }: TicketRules,
  now: number,
): Promise<boolean> {
  if (!email.endsWith(`@${gate.domain}`) || createdAt + gate.lifetime <= now) return false
  const { header, claims, signed, signature } = parts(ticket)
  const { kid } = header
  if (header['alg'] !== 'EdDSA' || header['typ'] !== gate.ticketType || header['crit'] !== undefined) return false
  if (typeof kid !== 'string' || claims['iss'] !== kid || claims['sub'] !== email || claims['aud'] !== issuer)
    return false
  const { exp, jti } = claims
  if (typeof exp !== 'number' || exp + tolerance <= now || exp > now + gate.lifetime + tolerance) return false
  if (typeof jti !== 'string' || jti === '' || jti.length > 200) return false
  const signer = /^[\w-]{43}$/.test(kid) ? await operator(kid) : undefined
  if (!signer || !(await isSignedBy(signer, signed, signature))) return false
  return once(`ticket:${kid}:${jti}`, exp + 2 * tolerance)
}

interface Parts {
  readonly header: Readonly<Record<string, unknown>>
  readonly claims: Readonly<Record<string, unknown>>
  readonly signed: string
  readonly signature: Uint8Array
}

const nothing: Parts = { header: {}, claims: {}, signed: '', signature: new Uint8Array() }

/**
 * A compact JWS taken apart (RFC 7515 §7.1); nothing at all if it is none. By hand, because jose's verification would be
 * a fifth of this Worker, and only one algorithm and one type are accepted.
 */
function parts(ticket: string): Parts {
  const [, header, claims, signature] =
    (ticket.length <= longestTicket && /^([\w-]+)\.([\w-]+)\.([\w-]+)$/.exec(ticket)) || []
  if (header === undefined || claims === undefined || signature === undefined) return nothing
  try {
    return {
      header: object(header),
      claims: object(claims),
      signed: `${header}.${claims}`,
      signature: base64url.decode(signature),
    }
  } catch {
    return nothing
  }
}

function object(encoded: string): Record<string, unknown> {
  const value: unknown = JSON.parse(new TextDecoder().decode(base64url.decode(encoded)))
  return typeof value === 'object' && value !== null ? { ...value } : {}
}

async function isSignedBy({ publicKey }: Operator, signed: string, signature: Uint8Array): Promise<boolean> {
  const { x = '' } = publicKey
  const key = await crypto.subtle.importKey('jwk', { kty: 'OKP', crv: 'Ed25519', x }, 'Ed25519', false, ['verify'])
  return crypto.subtle.verify('Ed25519', key, signature, new TextEncoder().encode(signed))
}
