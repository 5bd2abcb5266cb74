import { DurableObject } from 'cloudflare:workers'
import { type JWK, calculateJwkThumbprint } from 'jose'
import type { LeasedHandleKey, LeasedKeys, LeasedSigningKey } from '../../protocol/key-lease.ts'
import type { SigningAlgorithm } from '../../protocol/client.ts'
import { type KeyState, currentKey, departure, keyState, nextKey, switchTime } from '../../protocol/key-life-cycle.ts'
import { type HandleKind, type KeyUse, handleKinds } from '../../topology.ts'
import { allShards } from '../shards.ts'
import type { GrantLedger } from './grant-ledger.ts'
import { type HandleSecret, HandleSecrets } from './handle-secrets.ts'
import { type Admissible, type Operator, OperatorRegistry } from './operator-registry.ts'
import { Seal } from './sealing.ts'
import type { SessionStore } from './session-store.ts'
import { type RevealedKey, SigningKeys } from './signing-keys.ts'

export interface KeyManagerEnv {
  readonly GRANT_LEDGER: DurableObjectNamespace<GrantLedger>
  readonly SESSION_STORE: DurableObjectNamespace<SessionStore>
  readonly AUTHRIM_SECRET: string
  readonly BOOTSTRAP_OPERATOR_KEY?: string
  readonly TOKEN_EXPIRY?: string
  readonly ID_TOKEN_EXPIRY?: string
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

/** What a backup has of the keys. */
export type KeyBackup = RevealedKey | HandleSecret

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
  readonly #keys: SigningKeys
  readonly #handles: HandleSecrets
  readonly #operators: OperatorRegistry
  readonly #longestToken: number
  #making: Promise<void> | undefined

  constructor(ctx: DurableObjectState, env: KeyManagerEnv) {
    super(ctx, env)
    const seal = new Seal(env.AUTHRIM_SECRET)
    this.#sql = ctx.storage.sql
    this.#keys = new SigningKeys(this.#sql, seal)
    this.#handles = new HandleSecrets(this.#sql, seal)
    this.#operators = new OperatorRegistry(this.#sql)
    this.#longestToken = Math.max(Number(env.TOKEN_EXPIRY ?? 600), Number(env.ID_TOKEN_EXPIRY ?? 3600))
    this.#sql.exec('CREATE TABLE IF NOT EXISTS settings (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID')
  }

  /** The keys that the named uses need, and no others. */
  async lease(uses: readonly KeyUse[], now: number): Promise<LeasedKeys> {
    await this.#ensureKeys(now)
    const keys = this.#keys.published(now)
    const signing: LeasedSigningKey[] = []
    if (uses.includes('sign:access') || uses.includes('sign:id'))
      for (const alg of algorithms) {
        const key = currentKey(keys, alg, now)
        if (key) signing.push({ kid: key.kid, alg, privateKey: await this.#keys.privateKey(key) })
      }
    const epoch = Number(this.#setting('epoch') ?? 0)
    const handles: Partial<Record<HandleKind, LeasedHandleKey[]>> = {}
    for (const use of uses) if (isHandleUse(use)) handles[kindOf(use)] = await this.#handles.keys(kindOf(use), epoch)
    return { signing, publicKeys: keys.map((key) => key.publicKey), handles }
  }

  /** The public key set, RFC 7517 §5. */
  async publicKeys(now: number): Promise<JWK[]> {
    await this.#ensureKeys(now)
    return this.#keys.published(now).map((key) => key.publicKey)
  }

  async list(now: number): Promise<KeyListing[]> {
    await this.#ensureKeys(now)
    const keys = this.#keys.published(now)
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
    const alg = this.#keys.published(now).find((key) => key.kid === kid)?.alg
    if (!alg) return undefined
    await this.#ensureSpare(alg, now)
    const wasCurrent = currentKey(this.#keys.published(now), alg, now)?.kid === kid
    const successor = nextKey(this.#keys.published(now), alg, now)
    const wasPlanned = successor?.kid === kid && successor.signsFrom !== undefined
    if (!this.#keys.remove(kid)) return undefined
    const replacement = wasCurrent
      ? nextKey(this.#keys.published(now), alg, now)
      : currentKey(this.#keys.published(now), alg, now)
    if (!replacement) throw new Error(`no ${alg} key is left`)
    // No backup may bring it back.
    this.#setting(`revoked:${kid}`, String(now))
    if (wasCurrent) this.#keys.signFrom(replacement.kid, now)
    // The current key must not leave for a successor that is gone.
    if (wasPlanned) this.#keys.leaveAt(replacement.kid, undefined)
    await this.#ensureSpare(alg, now)
    return { kid, alg, replacement: replacement.kid }
  }

  /**
   * A restore from a backup begins: every session and grant ends, on every shard, and the handles of before, such as
   * codes, refresh tokens and cookies, are refused from the next lease on, since the secret that made them is leased no
   * more. Guarantee: once it has answered nothing of before counts, whatever the restored data says (fault F40); one
   * that failed may be repeated.
   */
  async startEpoch(now: number): Promise<void> {
    await this.#ensureKeys(now)
    this.#setting('epoch', String(await this.#handles.addNewest()))
    await Promise.all([
      ...allShards(this.env.SESSION_STORE).map((sessions) => sessions.clear()),
      ...allShards(this.env.GRANT_LEDGER).map((ledger) => ledger.startEpoch(now)),
    ])
  }

  /** Every key and secret in the clear, for a backup that is sealed elsewhere. There is never more than a page. */
  async exportRows(): Promise<(KeyBackup & { readonly rowid?: never })[]> {
    const now = Math.floor(Date.now() / 1000)
    await this.#ensureKeys(now)
    return [...(await this.#keys.reveal(now)), ...(await this.#handles.reveal())]
  }

  /**
   * Puts the keys of a backup in place of those here, except revoked ones, and starts an epoch. Secrets are added: a
   * backup older than the last epoch does not end it.
   */
  async importRows(rows: readonly unknown[]): Promise<number> {
    const now = Math.floor(Date.now() / 1000)
    await this.#keys.checkSecret()
    const keys = rows.filter(isRevealedKey).filter(({ kid }) => this.#setting(`revoked:${kid}`) === undefined)
    const secrets = rows.filter(isHandleSecret)
    if (keys.length > 0) await this.#keys.replaceAll(keys)
    for (const secret of secrets) await this.#handles.put(secret)
    await this.startEpoch(now)
    await this.#schedule(now)
    return keys.length + secrets.length
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
    this.#keys.removeGone(now)
    if (this.#nextRotation(now) <= now) await this.rotate(undefined, false, now)
    else await this.#schedule(now)
  }

  /**
   * The operator who holds a key, or undefined. A bootstrap key that was never seen before comes back as a candidate,
   * since only who holds the Cloudflare account can set one: the first begins, each after it starts over.
   */
  async operator(kid: string, now: number): Promise<Admissible | undefined> {
    const known = this.#operators.find(kid)
    if (known) return known.expiresAt !== undefined && known.expiresAt <= now ? undefined : known
    const bootstrap = await bootstrapKey(this.env.BOOTSTRAP_OPERATOR_KEY)
    if (bootstrap?.kid !== kid || this.#operators.wasRemoved(kid)) return undefined
    const admission = this.#operators.list().length === 0 ? 'bootstrap' : 'recover'
    return { ...bootstrap, name: 'bootstrap', createdAt: now, expiresAt: undefined, admission }
  }

  /** Admits the holder of the bootstrap key, who has proven it, and shuts out everybody else. Repeatable. */
  async admitBootstrap(kid: string, now: number): Promise<void> {
    const candidate = await this.operator(kid, now)
    if (candidate?.admission) this.#operators.startOver(candidate)
  }

  operators(): Operator[] {
    return this.#operators.list()
  }

  addOperator(operator: Operator): Operator {
    return this.#operators.add(operator)
  }

  removeOperator(kid: string): 'removed' | 'unknown' | 'last' {
    return this.#operators.remove(kid)
  }

  /** A current and a next key for every algorithm, made on first use; whoever comes meanwhile waits for them. */
  async #ensureKeys(now: number): Promise<void> {
    const keys = this.#keys.published(now)
    if (!this.#handles.isEmpty() && algorithms.every((alg) => currentKey(keys, alg, now))) return
    this.#making ??= this.#makeKeys(now).finally(() => {
      this.#making = undefined
    })
    await this.#making
  }

  async #makeKeys(now: number): Promise<void> {
    for (const alg of algorithms) {
      if (currentKey(this.#keys.published(now), alg, now)) continue
      const [current, next] = await Promise.all([this.#keys.generate(alg, now), this.#keys.generate(alg, now)])
      this.#keys.insert({ ...current, signsFrom: now })
      this.#keys.insert(next)
    }
    if (this.#handles.isEmpty()) {
      await this.#keys.checkSecret()
      await this.#handles.make()
    }
    await this.#schedule(now)
  }

  /** Publishes a key beyond the one that signs next, so that a switch always leaves another next behind. */
  async #ensureSpare(alg: SigningAlgorithm, now: number): Promise<void> {
    const waiting = () =>
      this.#keys
        .published(now)
        .filter((key) => key.alg === alg && keyState(key, this.#keys.published(now), now) === 'next')
    if (waiting().length > 1) return
    await this.#keys.checkSecret()
    // Younger than those that wait, also within a second: who was published first signs first.
    const createdAt = Math.max(now, ...waiting().map((key) => key.createdAt + 1))
    const fresh = await this.#keys.generate(alg, createdAt)
    if (waiting().length <= 1) this.#keys.insert(fresh)
  }

  #switch(alg: SigningAlgorithm, immediately: boolean, now: number): Rotation {
    const keys = this.#keys.published(now)
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
      this.#keys.signFrom(next.kid, effectiveAt)
      if (current) this.#keys.leaveAt(current.kid, departure(effectiveAt, this.#longestToken))
    }
    return { alg, retiring: current?.kid, current: next.kid, next: spare.kid, effectiveAt }
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
    const departures = this.#keys.published(now).flatMap((key) => (key.leavesAt === undefined ? [] : [key.leavesAt]))
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

function isRevealedKey(row: unknown): row is RevealedKey {
  return hasMembers(row, { kid: 'string', alg: 'string', privateKey: 'object', createdAt: 'number' })
}

function isHandleSecret(row: unknown): row is HandleSecret {
  return hasMembers(row, { id: 'number', secret: 'string' })
}

function hasMembers(row: unknown, types: Readonly<Record<string, string>>): boolean {
  if (typeof row !== 'object' || row === null) return false
  return Object.entries(types).every(([name, type]) => typeof Reflect.get(row, name) === type)
}

async function bootstrapKey(text: string | undefined): Promise<{ kid: string; publicKey: JWK } | undefined> {
  if (!text) return undefined
  const publicKey: JWK = JSON.parse(text)
  return { kid: await calculateJwkThumbprint(publicKey), publicKey }
}
