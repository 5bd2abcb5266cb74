import type { JWK } from 'jose'
import type { SigningAlgorithm } from './client.ts'
import type { HandleKind } from '../topology.ts'

export interface LeasedSigningKey {
  readonly kid: string
  readonly alg: SigningAlgorithm
  readonly privateKey: JWK
}

export interface LeasedSamlKey {
  readonly kid: string
  /** DER, base64. */
  readonly certificate: string
  /** RSA, for signing and for decrypting. */
  readonly privateKey: JWK
}

export interface LeasedHandleKey {
  readonly id: number
  /** 256 bits, base64url. */
  readonly key: string
}

/** What the key lease answers: only the uses that the caller's service binding names. */
export interface LeasedKeys {
  readonly signing: readonly LeasedSigningKey[]
  readonly publicKeys: readonly JWK[]
  readonly handles: Partial<Record<HandleKind, readonly LeasedHandleKey[]>>
  /** The one that signs first, then all others that are published. */
  readonly saml?: readonly LeasedSamlKey[]
  /** The secret of pairwise identifiers: 256 bits, base64url. */
  readonly pairwise?: string
}

/** The entrypoint of op-discovery as other Workers see it. */
export interface KeyLeaseService {
  lease(): Promise<LeasedKeys>
  /** Whether this ticket signs this person of the deploy gate in, now and never again. */
  redeemTicket(ticket: string, person: GatePerson): Promise<boolean>
}

/** Who wants in by a ticket. `createdAt` in seconds. */
export interface GatePerson {
  readonly email: string
  readonly createdAt: number
}
