import { DurableObject } from 'cloudflare:workers'
import { type JWK, base64url, calculateJwkThumbprint, exportJWK, generateKeyPair } from 'jose'
import type { LeasedHandleKey, LeasedKeys, LeasedSigningKey } from '../../protocol/key-lease.ts'
import type { SigningAlgorithm } from '../../protocol/client.ts'
import {
  type KeyState,
  type KeyTimes,
  currentKey,
  departure,
  keyState,
  nextKey,
  switchTime,
} from '../../protocol/key-life-cycle.ts'
import { type HandleKind, type KeyUse, handleKinds } from '../../topology.ts'
import { Seal } from './sealing.ts'

export interface KeyManagerEnv {
  readonly AUTHRIM_SECRET: string
  readonly BOOTSTRAP_OPERATOR_KEY?: string
  readonly TOKEN_EXPIRY?: string
  readonly ID_TOKEN_EXPIRY?: string
}

export interface KeyRow extends KeyTimes {
  readonly alg: SigningAlgorithm
  readonly publicKey: JWK
  readonly sealed: string
}

export interface KeyListing {
  readonly kid: string
  readonly alg: SigningAlgorithm
  readonly use: 'sig'
  readonly state: KeyState
  readonly createdAt: number
  readonly signsFrom: number | undefined
  readonly leavesAt: number | undefined
}

export interface Rotation {
  readonly alg: SigningAlgorithm
  readonly retiring: string | undefined
  readonly current: string
  readonly next: string
  readonly effectiveAt: number
}

export interface Revocation {
  readonly kid: string
  readonly alg: SigningAlgorithm
  readonly replacement: string
}

export interface Operator {
  readonly kid: string
  readonly name: string
  readonly publicKey: JWK
  readonly createdAt: number
  readonly expiresAt: number | undefined
}

const algorithms: readonly SigningAlgorithm[] = ['ES256', 'RS256']
const defaultRotationDays = 90
const day = 86_400

/** When an alarm that failed is tried again. Seconds. */
const retryInterval = 3600

/**
 * The one object that makes and keeps signing keys, handle keys and the operators' public keys. Private parts are
 * sealed at rest. Every decision is a synchronous statement after the cryptography it needs: concurrent calls find
 * each other's result instead of adding a second one. All times are seconds.
 */
export class KeyManager extends DurableObject<KeyManagerEnv> {
  readonly #sql: SqlStorage
  readonly #seal: Seal
  readonly #longestToken: number
  #making: Promise<void> | undefined

  constructor(ctx: DurableObjectState, env: KeyManagerEnv) {
    super(ctx, env)
    this.#sql = ctx.storage.sql
    this.#seal = new Seal(env.AUTHRIM_SECRET)
    this.#longestToken = Math.max(Number(env.TOKEN_EXPIRY ?? 600), Number(env.ID_TOKEN_EXPIRY ?? 3600))
    this.#sql.exec(`CREATE TABLE IF NOT EXISTS keys (
      kid TEXT PRIMARY KEY, alg TEXT NOT NULL, public_key TEXT NOT NULL, sealed TEXT NOT NULL,
      created_at INTEGER NOT NULL, signs_from INTEGER, leaves_at INTEGER) WITHOUT ROWID`)
    this.#sql.exec(`CREATE TABLE IF NOT EXISTS secrets (
      name TEXT NOT NULL, id INTEGER NOT NULL, sealed TEXT NOT NULL, PRIMARY KEY (name, id)) WITHOUT ROWID`)
    this.#sql.exec(`CREATE TABLE IF NOT EXISTS operators (
      kid TEXT PRIMARY KEY, name TEXT NOT NULL, public_key TEXT NOT NULL,
      created_at INTEGER NOT NULL, expires_at INTEGER) WITHOUT ROWID`)
    this.#sql.exec('CREATE TABLE IF NOT EXISTS settings (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID')
  }

  /** The keys that the named uses need, and no others. */
  async lease(uses: readonly KeyUse[], now: number): Promise<LeasedKeys> {
    await this.#ensureKeys(now)
    const keys = this.#keys(now)
    const signing: LeasedSigningKey[] = []
    if (uses.includes('sign:access') || uses.includes('sign:id'))
      for (const alg of algorithms) {
        const key = currentKey(keys, alg, now)
        if (key) signing.push({ kid: key.kid, alg, privateKey: JSON.parse(await this.#seal.open(key.kid, key.sealed)) })
      }
    const handles: Partial<Record<HandleKind, LeasedHandleKey[]>> = {}
    for (const use of uses) if (isHandleUse(use)) handles[kindOf(use)] = await this.#handleKeys(kindOf(use))
    return { signing, publicKeys: keys.map((key) => key.publicKey), handles }
  }

  /** The public key set, RFC 7517 §5. */
  async publicKeys(now: number): Promise<JWK[]> {
    await this.#ensureKeys(now)
    return this.#keys(now).map((key) => key.publicKey)
  }

  async list(now: number): Promise<KeyListing[]> {
    await this.#ensureKeys(now)
    const keys = this.#keys(now)
    return keys.map((key) => ({
      kid: key.kid,
      alg: key.alg,
      use: 'sig',
      state: keyState(key, keys, now),
      createdAt: key.createdAt,
      signsFrom: key.signsFrom,
      leavesAt: key.leavesAt,
    }))
  }

  /**
   * Plans the switch to the published next key and publishes a new one behind it. Called again before the switch
   * it repeats its answer. `immediately` skips the wait: relying parties with a cached key set may refuse tokens.
   */
  async rotate(alg: SigningAlgorithm | undefined, immediately: boolean, now: number): Promise<Rotation[]> {
    await this.#ensureKeys(now)
    const rotations: Rotation[] = []
    for (const each of alg ? [alg] : algorithms) {
      await this.#ensureSpare(each, now)
      rotations.push(this.#switch(each, immediately, now))
    }
    this.#setting('rotatedAt', String(now))
    await this.#schedule(now)
    return rotations
  }

  /** Drops a key at once, in the middle of its life: everything it signed is refused from now on. */
  async revoke(kid: string, now: number): Promise<Revocation | undefined> {
    const alg = this.#keys(now).find((key) => key.kid === kid)?.alg
    if (!alg) return undefined
    await this.#ensureSpare(alg, now)
    const wasCurrent = currentKey(this.#keys(now), alg, now)?.kid === kid
    const successor = nextKey(this.#keys(now), alg, now)
    const wasPlanned = successor?.kid === kid && successor.signsFrom !== undefined
    if (this.#sql.exec('DELETE FROM keys WHERE kid = ?', kid).rowsWritten === 0) return undefined
    const replacement = wasCurrent ? nextKey(this.#keys(now), alg, now) : currentKey(this.#keys(now), alg, now)
    if (!replacement) throw new Error(`no ${alg} key is left`)
    if (wasCurrent) this.#sql.exec('UPDATE keys SET signs_from = ? WHERE kid = ?', now, replacement.kid)
    // The current key must not leave for a successor that is gone.
    if (wasPlanned) this.#sql.exec('UPDATE keys SET leaves_at = NULL WHERE kid = ?', replacement.kid)
    await this.#ensureSpare(alg, now)
    return { kid, alg, replacement: replacement.kid }
  }

  /** When keys rotate by themselves. */
  async schedule(days: number | undefined, now: number): Promise<{ days: number; nextRotationAt: number }> {
    await this.#ensureKeys(now)
    if (days !== undefined) this.#setting('rotationDays', String(days))
    return { days: this.#rotationDays(), nextRotationAt: await this.#schedule(now) }
  }

  override async alarm(): Promise<void> {
    const now = Math.floor(Date.now() / 1000)
    // Cloudflare gives up an alarm that keeps failing; this one then comes again.
    await this.ctx.storage.setAlarm((now + retryInterval) * 1000)
    this.#sql.exec('DELETE FROM keys WHERE leaves_at <= ?', now)
    if (this.#nextRotation(now) <= now) await this.rotate(undefined, false, now)
    else await this.#schedule(now)
  }

  /**
   * The operator who holds a key, or undefined. While there is no operator at all, the bootstrap key becomes the
   * first; after that it has no meaning.
   */
  async operator(kid: string, now: number): Promise<Operator | undefined> {
    const [known] = this.#operators('WHERE kid = ?', kid)
    if (known) return known.expiresAt !== undefined && known.expiresAt <= now ? undefined : known
    const bootstrap = await bootstrapKey(this.env.BOOTSTRAP_OPERATOR_KEY)
    if (bootstrap?.kid !== kid || this.#operators('').length > 0) return undefined
    return this.addOperator({ ...bootstrap, name: 'bootstrap', createdAt: now, expiresAt: undefined })
  }

  operators(): Operator[] {
    return this.#operators('ORDER BY created_at, kid')
  }

  addOperator(operator: Operator): Operator {
    this.#sql.exec(
      'INSERT INTO operators VALUES (?, ?, ?, ?, ?) ON CONFLICT (kid) DO UPDATE SET name = excluded.name, expires_at = excluded.expires_at',
      operator.kid,
      operator.name,
      JSON.stringify(operator.publicKey),
      operator.createdAt,
      operator.expiresAt ?? null,
    )
    return operator
  }

  /** Refuses to remove the last operator, since nobody could add one again. */
  removeOperator(kid: string): 'removed' | 'unknown' | 'last' {
    const operators = this.#operators('')
    if (!operators.some((each) => each.kid === kid)) return 'unknown'
    if (operators.length === 1) return 'last'
    this.#sql.exec('DELETE FROM operators WHERE kid = ?', kid)
    return 'removed'
  }

  #operators(condition: string, ...bindings: string[]): Operator[] {
    return this.#sql
      .exec<{ kid: string; name: string; public_key: string; created_at: number; expires_at: number | null }>(
        `SELECT * FROM operators ${condition}`,
        ...bindings,
      )
      .toArray()
      .map((row) => ({
        kid: row.kid,
        name: row.name,
        publicKey: JSON.parse(row.public_key),
        createdAt: row.created_at,
        expiresAt: row.expires_at ?? undefined,
      }))
  }

  #keys(now: number): KeyRow[] {
    return this.#sql
      .exec<{
        kid: string
        alg: SigningAlgorithm
        public_key: string
        sealed: string
        created_at: number
        signs_from: number | null
        leaves_at: number | null
      }>('SELECT * FROM keys WHERE leaves_at IS NULL OR leaves_at > ? ORDER BY created_at DESC, kid', now)
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

  #insert(key: KeyRow): void {
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

  /** A current and a next key for every algorithm, made on first use; whoever comes meanwhile waits for them. */
  async #ensureKeys(now: number): Promise<void> {
    if (algorithms.every((alg) => currentKey(this.#keys(now), alg, now))) return
    this.#making ??= this.#makeKeys(now).finally(() => {
      this.#making = undefined
    })
    await this.#making
  }

  async #makeKeys(now: number): Promise<void> {
    for (const alg of algorithms) {
      if (currentKey(this.#keys(now), alg, now)) continue
      const [current, next] = await Promise.all([this.#generate(alg, now), this.#generate(alg, now)])
      this.#insert({ ...current, signsFrom: now })
      this.#insert(next)
    }
    await this.#schedule(now)
  }

  /** Publishes a key beyond the one that signs next, so that a switch always leaves another next behind. */
  async #ensureSpare(alg: SigningAlgorithm, now: number): Promise<void> {
    const waiting = () =>
      this.#keys(now).filter((key) => key.alg === alg && keyState(key, this.#keys(now), now) === 'next')
    if (waiting().length > 1) return
    await this.#checkSecret()
    const fresh = await this.#generate(alg, now)
    if (waiting().length <= 1) this.#insert(fresh)
  }

  /** A wrong secret must not put anything of its own between what the right one sealed. */
  async #checkSecret(): Promise<void> {
    const [key] = this.#sql.exec<{ kid: string; sealed: string }>('SELECT kid, sealed FROM keys LIMIT 1').toArray()
    if (key) await this.#seal.open(key.kid, key.sealed)
  }

  #switch(alg: SigningAlgorithm, immediately: boolean, now: number): Rotation {
    const keys = this.#keys(now)
    const current = currentKey(keys, alg, now)
    const next = nextKey(keys, alg, now)
    const spare = nextKey(
      keys.filter((key) => key.kid !== next?.kid),
      alg,
      now,
    )
    if (!next || !spare) throw new Error(`no ${alg} key to switch to`)
    const planned = next.signsFrom !== undefined && !immediately
    const effectiveAt = planned ? (next.signsFrom ?? now) : switchTime(next, now, immediately)
    if (!planned) {
      this.#sql.exec('UPDATE keys SET signs_from = ? WHERE kid = ?', effectiveAt, next.kid)
      if (current) {
        const leavesAt = departure(effectiveAt, this.#longestToken)
        this.#sql.exec('UPDATE keys SET leaves_at = ? WHERE kid = ?', leavesAt, current.kid)
      }
    }
    return { alg, retiring: current?.kid, current: next.kid, next: spare.kid, effectiveAt }
  }

  async #generate(alg: SigningAlgorithm, now: number): Promise<KeyRow> {
    const pair = await generateKeyPair(alg, { extractable: true, modulusLength: 2048 })
    const bare = await exportJWK(pair.publicKey)
    const kid = await calculateJwkThumbprint(bare)
    const privateKey = JSON.stringify({ ...(await exportJWK(pair.privateKey)), kid, alg })
    return {
      kid,
      alg,
      publicKey: { ...bare, kid, alg, use: 'sig' },
      sealed: await this.#seal.seal(kid, privateKey),
      createdAt: now,
      signsFrom: undefined,
      leavesAt: undefined,
    }
  }

  async #handleKeys(kind: HandleKind): Promise<LeasedHandleKey[]> {
    const rows = await this.#secrets('handle')
    return Promise.all(rows.map(async ({ id, secret }) => ({ id, key: await derived(secret, `handle:${kind}`) })))
  }

  async #secrets(name: string): Promise<{ id: number; secret: string }[]> {
    const read = () =>
      this.#sql.exec<{ id: number; sealed: string }>('SELECT id, sealed FROM secrets WHERE name = ?', name).toArray()
    if (read().length === 0) {
      await this.#checkSecret()
      const sealed = await this.#seal.seal(name, base64url.encode(crypto.getRandomValues(new Uint8Array(32))))
      this.#sql.exec('INSERT OR IGNORE INTO secrets VALUES (?, 1, ?)', name, sealed)
    }
    return Promise.all(read().map(async ({ id, sealed }) => ({ id, secret: await this.#seal.open(name, sealed) })))
  }

  #setting(name: string, value?: string): string | undefined {
    if (value !== undefined) this.#sql.exec('INSERT OR REPLACE INTO settings VALUES (?, ?)', name, value)
    return this.#sql.exec<{ value: string }>('SELECT value FROM settings WHERE name = ?', name).toArray()[0]?.value
  }

  #rotationDays(): number {
    return Number(this.#setting('rotationDays') ?? defaultRotationDays)
  }

  #nextRotation(now: number): number {
    return Number(this.#setting('rotatedAt') ?? this.#setting('rotatedAt', String(now))) + this.#rotationDays() * day
  }

  async #schedule(now: number): Promise<number> {
    const rotation = this.#nextRotation(now)
    const departures = this.#keys(now).flatMap((key) => (key.leavesAt === undefined ? [] : [key.leavesAt]))
    await this.ctx.storage.setAlarm(Math.min(rotation, ...departures) * 1000)
    return rotation
  }
}

function isHandleUse(use: KeyUse): use is `handle:${HandleKind}` {
  return use.startsWith('handle:')
}

function kindOf(use: `handle:${HandleKind}`): HandleKind {
  const kind = handleKinds.find((each) => use === `handle:${each}`)
  if (!kind) throw new Error(`unknown key use ${use}`)
  return kind
}

/** Handle keys differ per kind, so that a Worker that mints one kind cannot forge another. */
async function derived(secret: string, purpose: string): Promise<string> {
  const material = await crypto.subtle.importKey('raw', base64url.decode(secret), 'HKDF', false, ['deriveBits'])
  const info = new TextEncoder().encode(purpose)
  const bits = await crypto.subtle.deriveBits(
    { name: 'HKDF', hash: 'SHA-256', salt: new Uint8Array(), info },
    material,
    256,
  )
  return base64url.encode(new Uint8Array(bits))
}

async function bootstrapKey(text: string | undefined): Promise<{ kid: string; publicKey: JWK } | undefined> {
  if (!text) return undefined
  const publicKey: JWK = JSON.parse(text)
  return { kid: await calculateJwkThumbprint(publicKey), publicKey }
}
