import { waitUntil } from 'cloudflare:workers'
import { type CryptoKey as JoseKey, type JWTPayload, base64url, importJWK } from 'jose'
import { JOSEError, JWKSNoMatchingKey } from 'jose/errors'
import { accessTokenType } from '../protocol/access-token.ts'
import type { SigningAlgorithm } from '../protocol/client.ts'
import { unavailable } from '../protocol/error.ts'
import { type Handle, type HandleKeys, mintHandle, openHandle } from '../protocol/handle.ts'
import { type Expectation, verifyJwt } from '../protocol/jwt.ts'
import { leaseSeconds } from '../protocol/key-life-cycle.ts'
import type { HandleKind } from '../topology.ts'
import type { KeyLeaseService, LeasedKeys } from '../protocol/key-lease.ts'

/** A private key as this isolate holds it: usable, not readable. */
export interface Signer {
  readonly kid: string
  readonly key: JoseKey
}

type OwnExpectation = Omit<Expectation, 'algorithms'>

interface ImportedKeys {
  readonly leasedAt: number
  readonly signing: ReadonlyMap<SigningAlgorithm, Signer>
  readonly publicKeys: ReadonlyMap<string, { alg: string; key: JoseKey }>
  readonly handles: ReadonlyMap<HandleKind, HandleKeys>
  /** Access tokens that these keys verified. */
  readonly verified: Map<string, JWTPayload>
}

/** An unknown key id forces one refetch in this time, so that garbage cannot keep the lease busy. Seconds. */
const refetchInterval = 60

/** JWTs that we sign stay far below this; longer text is refused before it is parsed. */
const maximumToken = 16_384

/** Verified tokens that are remembered, and how long they may be: our own are a third of that. */
const remembered = { tokens: 500, length: 2048 } as const

/**
 * The keys a Worker has leased, kept in the isolate for `leaseSeconds` and renewed in the background while used.
 * If KeyManager cannot be reached, the lease serves to its end and requests are then answered 503.
 */
export class Keyring {
  readonly #service: KeyLeaseService
  #keys: ImportedKeys | undefined
  #refetchedAt = 0
  #renewing = false

  constructor(service: KeyLeaseService) {
    this.#service = service
  }

  /** The current key of an algorithm. */
  async signer(alg: SigningAlgorithm, now: number): Promise<Signer> {
    const signer = (await this.#lease(now)).signing.get(alg)
    if (!signer) throw unavailable(`no ${alg} key is leased`)
    return signer
  }

  /**
   * The claims of a token that we signed, or undefined for anything else. Checks signature and times, and what else is
   * expected.
   */
  async verify(token: string, expected: OwnExpectation, now: number): Promise<JWTPayload | undefined> {
    if (token.length > maximumToken) return undefined
    try {
      return await verifyJwt(
        token,
        (header) => this.#publicKey(header.kid ?? '', header.alg, now),
        { algorithms: ['ES256', 'RS256'], ...expected },
        now,
      )
    } catch (error) {
      if (error instanceof JOSEError) return undefined
      throw error
    }
  }

  /**
   * The claims of an access token of ours that has not expired. Remembered for the lease, since an API asks about the
   * same token with each request that it serves; a key that is revoked takes its tokens along with the lease.
   */
  async verifyAccessToken(token: string, issuer: string, now: number): Promise<JWTPayload | undefined> {
    const known = (await this.#lease(now)).verified.get(token)
    if (known?.exp !== undefined && known.exp > now) return known
    const payload = await this.verify(token, { types: [accessTokenType], issuer, required: ['exp'] }, now)
    if (payload && token.length <= remembered.length) {
      const { verified } = await this.#lease(now)
      const oldest = verified.size >= remembered.tokens ? verified.keys().next().value : undefined
      if (oldest !== undefined) verified.delete(oldest)
      verified.set(token, payload)
    }
    return payload
  }

  /** The claims of an ID token of ours, however long ago it expired: as a hint it grants nothing (Core §3.1.2.1). */
  async verifyIdTokenHint(token: string, issuer: string, now: number): Promise<JWTPayload | undefined> {
    return this.verify(token, { types: ['jwt'], issuer, tolerance: now, required: ['sub', 'aud'] }, now)
  }

  async mint(handle: Handle, now: number): Promise<string> {
    return mintHandle(await this.#handleKeys(handle.kind, now), handle)
  }

  /** Opens a handle of a kind; undefined if it is forged, expired or of another kind. */
  async open(kind: HandleKind, text: string, now: number): Promise<Handle | undefined> {
    return openHandle(await this.#handleKeys(kind, now), kind, text, now)
  }

  async #publicKey(kid: string, alg: string, now: number): Promise<JoseKey> {
    let known = (await this.#lease(now)).publicKeys.get(kid)
    if (!known && this.#refetchedAt + refetchInterval <= now) {
      this.#refetchedAt = now
      known = (await this.#renew(now)).publicKeys.get(kid)
    }
    if (known?.alg !== alg) throw new JWKSNoMatchingKey()
    return known.key
  }

  async #handleKeys(kind: HandleKind, now: number): Promise<HandleKeys> {
    const keys = (await this.#lease(now)).handles.get(kind)
    if (!keys) throw new Error(`the key lease does not include handle:${kind}`)
    return keys
  }

  async #lease(now: number): Promise<ImportedKeys> {
    // A clock that was put back must not make a lease longer.
    const age = this.#keys ? Math.abs(now - this.#keys.leasedAt) : Infinity
    if (this.#keys && age < leaseSeconds) {
      if (age >= leaseSeconds / 2 && !this.#renewing) {
        this.#renewing = true
        waitUntil(
          this.#renew(now)
            .catch(() => undefined)
            .finally(() => {
              this.#renewing = false
            }),
        )
      }
      return this.#keys
    }
    return this.#renew(now)
  }

  async #renew(now: number): Promise<ImportedKeys> {
    let leased: LeasedKeys
    try {
      leased = await this.#service.lease()
    } catch (error) {
      throw unavailable(error)
    }
    this.#keys = await imported(leased, now)
    return this.#keys
  }
}

async function imported(leased: LeasedKeys, now: number): Promise<ImportedKeys> {
  const signing = new Map<SigningAlgorithm, Signer>()
  for (const { kid, alg, privateKey } of leased.signing)
    signing.set(alg, { kid, key: asKey(await importJWK(privateKey, alg)) })
  const publicKeys = new Map<string, { alg: string; key: JoseKey }>()
  for (const jwk of leased.publicKeys)
    if (jwk.kid && jwk.alg) publicKeys.set(jwk.kid, { alg: jwk.alg, key: asKey(await importJWK(jwk, jwk.alg)) })
  const handles = new Map<HandleKind, HandleKeys>()
  for (const kind of handleKindsOf(leased)) {
    const keys = new Map<number, CryptoKey>()
    for (const { id, key } of leased.handles[kind] ?? []) keys.set(id, await hmacKey(key))
    handles.set(kind, keys)
  }
  return { leasedAt: now, signing, publicKeys, handles, verified: new Map() }
}

function handleKindsOf(leased: LeasedKeys): HandleKind[] {
  return Object.keys(leased.handles).filter((kind): kind is HandleKind => kind in leased.handles)
}

function hmacKey(key: string): Promise<CryptoKey> {
  return crypto.subtle.importKey('raw', base64url.decode(key), { name: 'HMAC', hash: 'SHA-256' }, false, ['sign'])
}

function asKey(key: JoseKey | Uint8Array): JoseKey {
  if (key instanceof Uint8Array) throw new Error('a symmetric key cannot sign tokens')
  return key
}
