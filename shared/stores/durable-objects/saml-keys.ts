import { type JWK, calculateJwkThumbprint, exportJWK, generateKeyPair } from 'jose'
import type { LeasedSamlKey } from '../../protocol/key-lease.ts'
import { type KeyState, currentKey, keyState } from '../../protocol/key-life-cycle.ts'
import { selfSignedCertificate } from '../../protocol/self-signed-certificate.ts'
import type { Revocation, Rotation } from './key-rotation.ts'
import type { Seal } from './sealing.ts'
import type { RevealedKey } from './signing-keys.ts'

export interface SamlKey extends Omit<RevealedKey, 'privateKey'> {
  readonly alg: 'RS256'
  /** DER, base64. */
  readonly certificate: string
  readonly expiresAt: number
  /** The private JWK, sealed under the key's id. */
  readonly sealed: string
}

/** A key of SAML's in the clear, as a backup has it. */
export interface RevealedSamlKey extends Omit<SamlKey, 'sealed'> {
  readonly privateKey: JWK
}

type Row = {
  kid: string
  certificate: string
  sealed: string
  created_at: number
  signs_from: number | null
  expires_at: number
}

const fiveYears = 5 * 365 * 86_400

/** Partners whose clocks are behind see a certificate that is valid already. Seconds. */
const headStart = 86_400

/**
 * The keys that sign SAML messages and decrypt what partners encrypt for us, in KeyManager. Partners load metadata once,
 * so no alarm touches them: a rotation publishes a second key beside the one that signs, and the operator says when it
 * takes over, by `--now`, or by revoking the one before. All are published until they are revoked. Times are seconds.
 */
export class SamlKeys {
  readonly #sql: SqlStorage
  readonly #seal: Seal
  readonly #commonName: string
  readonly #checkSecret: () => Promise<void>
  #making: Promise<void> | undefined

  /** @param checkSecret rejects if the secret is not the one that everything else is sealed under. */
  constructor(sql: SqlStorage, seal: Seal, commonName: string, checkSecret: () => Promise<void>) {
    this.#sql = sql
    this.#seal = seal
    this.#commonName = commonName
    this.#checkSecret = checkSecret
    sql.exec(`CREATE TABLE IF NOT EXISTS saml_keys (
      kid TEXT PRIMARY KEY, certificate TEXT NOT NULL, sealed TEXT NOT NULL,
      created_at INTEGER NOT NULL, signs_from INTEGER, expires_at INTEGER NOT NULL) WITHOUT ROWID`)
  }

  /** Every key, the oldest first; none while SAML was never used. */
  published(): SamlKey[] {
    return this.#sql.exec<Row>('SELECT * FROM saml_keys ORDER BY created_at, kid').toArray().map(keyOf)
  }

  /** Every key with its private part, the one that signs first. The first call makes the first key. */
  async lease(now: number): Promise<LeasedSamlKey[]> {
    await this.#ensureKey(now)
    const keys = this.published()
    const current = currentKey(keys, 'RS256', now)
    const ordered = keys.toSorted((a, b) => Number(b.kid === current?.kid) - Number(a.kid === current?.kid))
    return Promise.all(
      ordered.map(async (key) => ({
        kid: key.kid,
        certificate: key.certificate,
        privateKey: await this.#privateKey(key),
      })),
    )
  }

  /** Publishes a key beside the one that signs; `immediately` lets it sign. Repeated, it adds no third. */
  async rotate(immediately: boolean, now: number): Promise<Rotation> {
    await this.#ensureKey(now)
    if (!this.#waiting(now)) {
      const fresh = await this.#generate(now)
      if (!this.#waiting(now)) this.#insert(fresh)
    }
    const current = currentKey(this.published(), 'RS256', now)
    const waiting = this.#waiting(now)
    if (!current || !waiting) throw new Error('no key to switch to')
    if (!immediately)
      return { alg: 'RS256', retiring: undefined, current: current.kid, next: waiting.kid, effectiveAt: undefined }
    this.#signFrom(waiting.kid, now)
    return { alg: 'RS256', retiring: current.kid, current: waiting.kid, next: undefined, effectiveAt: now }
  }

  /** Retires a key, or drops one that leaked; if it is the one that signs, the one that waits takes over, or a new one. */
  async revoke(kid: string, now: number): Promise<Revocation | undefined> {
    if (!this.published().some((key) => key.kid === kid)) return undefined
    const wasCurrent = currentKey(this.published(), 'RS256', now)?.kid === kid
    if (wasCurrent) await this.rotate(true, now)
    if (this.#sql.exec('DELETE FROM saml_keys WHERE kid = ?', kid).rowsWritten === 0) return undefined
    const replacement = currentKey(this.published(), 'RS256', now)
    if (!replacement) throw new Error('no SAML key is left')
    const dies = wasCurrent
      ? 'what this key signed: SAML partners that have not loaded the metadata with its successor refuse sign-ins until they do'
      : 'nothing that is signed now; partners that load the metadata no longer see its certificate'
    return { kid, alg: 'RS256', replacement: replacement.kid, dies }
  }

  list(now: number) {
    return this.published().map(({ kid, alg, createdAt, signsFrom, leavesAt, expiresAt }) => ({
      kid,
      alg,
      use: 'saml' as const,
      state: this.#state(kid, now),
      createdAt,
      signsFrom,
      leavesAt,
      certificateExpiresAt: new Date(expiresAt * 1000).toISOString(),
    }))
  }

  /** Every key in the clear. */
  reveal(): Promise<RevealedSamlKey[]> {
    return Promise.all(
      this.published().map(async (key) => {
        const { sealed: _, ...others } = key
        return { ...others, privateKey: await this.#privateKey(key) }
      }),
    )
  }

  /** Puts these in the place of all. */
  async replaceAll(revealed: readonly RevealedSamlKey[]): Promise<void> {
    const keys = await Promise.all(revealed.map((key) => this.#sealed(key)))
    this.#sql.exec('DELETE FROM saml_keys')
    for (const key of keys) this.#insert(key)
  }

  async #ensureKey(now: number): Promise<void> {
    if (this.published().length > 0) return
    this.#making ??= this.#generate(now)
      .then((key) => this.#insert({ ...key, signsFrom: now }))
      .finally(() => {
        this.#making = undefined
      })
    await this.#making
  }

  #waiting(now: number): SamlKey | undefined {
    return this.published().find(({ kid }) => this.#state(kid, now) === 'next')
  }

  #state(kid: string, now: number): KeyState {
    const keys = this.published()
    const key = keys.find((each) => each.kid === kid)
    return key ? keyState(key, keys, now) : 'gone'
  }

  async #generate(now: number): Promise<SamlKey> {
    await this.#checkSecret()
    const pair = await generateKeyPair('RS256', { extractable: true, modulusLength: 2048 })
    // Names no algorithm, since the same key decrypts.
    const privateKey = await exportJWK(pair.privateKey)
    const expiresAt = now + fiveYears
    const certificate = await selfSignedCertificate(pair, {
      commonName: this.#commonName,
      notBefore: now - headStart,
      notAfter: expiresAt,
    })
    return this.#sealed({
      kid: await calculateJwkThumbprint(privateKey),
      alg: 'RS256',
      certificate: btoa(String.fromCharCode(...certificate)),
      createdAt: now,
      signsFrom: undefined,
      leavesAt: undefined,
      expiresAt,
      privateKey,
    })
  }

  #insert(key: SamlKey): void {
    this.#sql.exec(
      'INSERT INTO saml_keys VALUES (?, ?, ?, ?, ?, ?)',
      key.kid,
      key.certificate,
      key.sealed,
      key.createdAt,
      key.signsFrom ?? null,
      key.expiresAt,
    )
  }

  /** Starts a key now, and any other before it, also within a second. */
  #signFrom(kid: string, now: number): void {
    this.#sql.exec('UPDATE saml_keys SET signs_from = MIN(signs_from, ?)', now - 1)
    this.#sql.exec('UPDATE saml_keys SET signs_from = ? WHERE kid = ?', now, kid)
  }

  async #privateKey(key: SamlKey): Promise<JWK> {
    return JSON.parse(await this.#seal.open(key.kid, key.sealed))
  }

  async #sealed({ privateKey, ...key }: RevealedSamlKey): Promise<SamlKey> {
    return { ...key, sealed: await this.#seal.seal(key.kid, JSON.stringify(privateKey)) }
  }
}

function keyOf(row: Row): SamlKey {
  return {
    kid: row.kid,
    alg: 'RS256',
    certificate: row.certificate,
    sealed: row.sealed,
    createdAt: row.created_at,
    signsFrom: row.signs_from ?? undefined,
    leavesAt: undefined,
    expiresAt: row.expires_at,
  }
}
