import { importJWK, type CryptoKey as JoseKey } from 'jose'
import { unavailable } from '../../shared/protocol/error.ts'
import type { KeyLeaseService, LeasedSamlKey } from '../../shared/protocol/key-lease.ts'
import { leaseSeconds } from '../../shared/protocol/key-life-cycle.ts'
import { pairwiseKey } from '../../shared/protocol/pairwise.ts'
import type { Unwrap } from './encryption.ts'
import type { SamlSigner } from './sign.ts'

interface Lease {
  readonly leasedAt: number
  readonly signer: SamlSigner
  readonly keys: readonly LeasedSamlKey[]
  readonly pairwise: CryptoKey
}

/** SAML's keys that this Worker has leased, kept in the isolate for the length of a lease. Times are seconds. */
export class LeasedKeys {
  readonly #service: KeyLeaseService
  #lease: Lease | undefined

  constructor(service: KeyLeaseService) {
    this.#service = service
  }

  /** The key that signs, and the certificate in which partners have it. */
  async signer(now: number): Promise<SamlSigner> {
    return (await this.#current(now)).signer
  }

  /** Every published certificate, DER in base64; that of the key that signs first. */
  async certificates(now: number): Promise<string[]> {
    return (await this.#current(now)).keys.map(({ certificate }) => certificate)
  }

  /** Opens what partners encrypted for any of the published certificates. */
  async unwrap(now: number): Promise<Unwrap> {
    const { keys } = await this.#current(now)
    return async (wrapped, hash) => {
      let problem: unknown
      for (const { privateKey } of keys) {
        try {
          const { key_ops: _, alg: __, ...jwk } = privateKey
          const scheme = { name: 'RSA-OAEP', hash }
          const key = await crypto.subtle.importKey('jwk', { ...jwk, kty: 'RSA' }, scheme, false, ['decrypt'])
          return new Uint8Array(await crypto.subtle.decrypt('RSA-OAEP', key, wrapped))
        } catch (error) {
          problem = error
        }
      }
      throw problem
    }
  }

  /** The secret of pairwise identifiers. */
  async pairwise(now: number): Promise<CryptoKey> {
    return (await this.#current(now)).pairwise
  }

  async #current(now: number): Promise<Lease> {
    // A clock that was put back must not make a lease longer.
    if (this.#lease && Math.abs(now - this.#lease.leasedAt) < leaseSeconds) return this.#lease
    this.#lease = await this.#renewed(now)
    return this.#lease
  }

  async #renewed(now: number): Promise<Lease> {
    try {
      const { saml: keys = [], pairwise } = await this.#service.lease()
      const [current] = keys
      if (!current || pairwise === undefined) throw new Error('the key lease does not include SAML’s keys')
      const key = await signingKey(current)
      return {
        leasedAt: now,
        signer: { key, certificate: current.certificate },
        keys,
        pairwise: await pairwiseKey(pairwise),
      }
    } catch (error) {
      throw unavailable(error)
    }
  }
}

async function signingKey({ privateKey }: LeasedSamlKey): Promise<JoseKey> {
  const key = await importJWK(privateKey, 'RS256')
  if (key instanceof Uint8Array) throw new Error('a symmetric key cannot sign messages')
  return key
}
