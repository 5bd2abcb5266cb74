import { type JWK, calculateJwkThumbprint, exportJWK, generateKeyPair } from 'jose'
import type { SigningAlgorithm } from '../../protocol/client.ts'
import type { KeyTimes } from '../../protocol/key-life-cycle.ts'
import type { Seal } from './sealing.ts'

export interface SigningKey extends KeyTimes {
  readonly alg: SigningAlgorithm
  readonly publicKey: JWK
  /** The private JWK, sealed under the key's id. */
  readonly sealed: string
}

/** A signing key in the clear, as a backup has it. */
export interface RevealedKey extends KeyTimes {
  readonly alg: SigningAlgorithm
  readonly privateKey: JWK
}

type Row = {
  kid: string
  alg: SigningAlgorithm
  public_key: string
  sealed: string
  created_at: number
  signs_from: number | null
  leaves_at: number | null
}

/** The table of signing keys in KeyManager. Times are seconds. */
export class SigningKeys {
  readonly #sql: SqlStorage
  readonly #seal: Seal

  constructor(sql: SqlStorage, seal: Seal) {
    this.#sql = sql
    this.#seal = seal
    sql.exec(`CREATE TABLE IF NOT EXISTS keys (
      kid TEXT PRIMARY KEY, alg TEXT NOT NULL, public_key TEXT NOT NULL, sealed TEXT NOT NULL,
      created_at INTEGER NOT NULL, signs_from INTEGER, leaves_at INTEGER) WITHOUT ROWID`)
  }

  /** Every key that has not left, the newest first. */
  published(now: number): SigningKey[] {
    return this.#sql
      .exec<Row>('SELECT * FROM keys WHERE leaves_at IS NULL OR leaves_at > ? ORDER BY created_at DESC, kid', now)
      .toArray()
      .map((row) => ({
        kid: row.kid,
        alg: row.alg,
        publicKey: JSON.parse(row.public_key),
        sealed: row.sealed,
        createdAt: row.created_at,
        signsFrom: row.signs_from ?? undefined,
        leavesAt: row.leaves_at ?? undefined,
      }))
  }

  insert(key: SigningKey): void {
    this.#sql.exec(
      'INSERT INTO keys VALUES (?, ?, ?, ?, ?, ?, ?)',
      key.kid,
      key.alg,
      JSON.stringify(key.publicKey),
      key.sealed,
      key.createdAt,
      key.signsFrom ?? null,
      key.leavesAt ?? null,
    )
  }

  signFrom(kid: string, time: number): void {
    this.#sql.exec('UPDATE keys SET signs_from = ? WHERE kid = ?', time, kid)
  }

  /** @param time undefined keeps the key for as long as nothing succeeds it. */
  leaveAt(kid: string, time: number | undefined): void {
    this.#sql.exec('UPDATE keys SET leaves_at = ? WHERE kid = ?', time ?? null, kid)
  }

  /** True if there was such a key. */
  remove(kid: string): boolean {
    return this.#sql.exec('DELETE FROM keys WHERE kid = ?', kid).rowsWritten > 0
  }

  removeGone(now: number): void {
    this.#sql.exec('DELETE FROM keys WHERE leaves_at <= ?', now)
  }

  /** A key that is not stored yet. Its id is its thumbprint (RFC 7638). */
  async generate(alg: SigningAlgorithm, now: number): Promise<SigningKey> {
    const pair = await generateKeyPair(alg, { extractable: true, modulusLength: 2048 })
    const kid = await calculateJwkThumbprint(await exportJWK(pair.publicKey))
    const privateKey = { ...(await exportJWK(pair.privateKey)), kid, alg }
    return this.#sealed({ kid, alg, privateKey, createdAt: now, signsFrom: undefined, leavesAt: undefined })
  }

  /** Every published key in the clear. */
  reveal(now: number): Promise<RevealedKey[]> {
    return Promise.all(
      this.published(now).map(async (key) => {
        const { kid, alg, createdAt, signsFrom, leavesAt } = key
        return { kid, alg, createdAt, signsFrom, leavesAt, privateKey: await this.privateKey(key) }
      }),
    )
  }

  /** Puts these in the place of all. */
  async replaceAll(revealed: readonly RevealedKey[]): Promise<void> {
    const keys = await Promise.all(revealed.map((key) => this.#sealed(key)))
    this.#sql.exec('DELETE FROM keys')
    for (const key of keys) this.insert(key)
  }

  async privateKey(key: SigningKey): Promise<JWK> {
    return JSON.parse(await this.#seal.open(key.kid, key.sealed))
  }

  async #sealed({ privateKey, ...key }: RevealedKey): Promise<SigningKey> {
    const sealed = await this.#seal.seal(key.kid, JSON.stringify(privateKey))
    return { ...key, publicKey: publicMembers(privateKey), sealed }
  }

  /** @throws if the secret is not the one that the keys were sealed under: it must not add anything of its own. */
  async checkSecret(): Promise<void> {
    const [key] = this.#sql.exec<{ kid: string; sealed: string }>('SELECT kid, sealed FROM keys LIMIT 1').toArray()
    if (key) await this.#seal.open(key.kid, key.sealed)
  }
}

/** What of a key may be published. */
function publicMembers(privateKey: JWK): JWK {
  const names = ['kty', 'crv', 'x', 'y', 'n', 'e', 'kid', 'alg']
  const published = Object.entries(privateKey).filter(([name]) => names.includes(name))
  return { kty: '', ...Object.fromEntries(published), use: 'sig' }
}
