import { DurableObject } from 'cloudflare:workers'
import { type JWK, calculateJwkThumbprint } from 'jose'
import type { LeasedHandleKey, LeasedKeys, LeasedSigningKey } from '../../protocol/key-lease.ts'
import type { SigningAlgorithm } from '../../protocol/client.ts'
import { type KeyState, currentKey, keyState } from '../../protocol/key-life-cycle.ts'
import { type HandleKind, type KeyUse, handleKinds } from '../../topology.ts'
import { allShards } from '../shards.ts'
import type { GrantLedger } from './grant-ledger.ts'
import { HandleSecrets } from './handle-secrets.ts'
import { type KeyBackup, putBack, revealedKeys } from './key-backup.ts'
import { KeyRotation, type Revocation, type Rotation, tokenAlgorithms } from './key-rotation.ts'
import { type Admissible, type Operator, OperatorRegistry } from './operator-registry.ts'
import { PairwiseSalt } from './pairwise-salt.ts'
import { SamlKeys } from './saml-keys.ts'
import { Seal } from './sealing.ts'
import type { SessionStore } from './session-store.ts'
import { Settings } from './settings.ts'
import { SigningKeys } from './signing-keys.ts'

export interface KeyManagerEnv {
  readonly GRANT_LEDGER: DurableObjectNamespace<GrantLedger>
  readonly SESSION_STORE: DurableObjectNamespace<SessionStore>
  readonly AUTHRIM_SECRET: string
  readonly ISSUER_URL: string
  readonly BOOTSTRAP_OPERATOR_KEY?: string
  readonly TOKEN_EXPIRY?: string
  readonly ID_TOKEN_EXPIRY?: string
}

export interface KeyListing {
  readonly kid: string
  readonly alg: SigningAlgorithm
  readonly use: 'sig' | 'saml'
  readonly state: KeyState
  readonly createdAt: number
  readonly signsFrom: number | undefined
  readonly leavesAt: number | undefined
  /** Of a key of SAML's; ISO 8601. */
  readonly certificateExpiresAt?: string
}

const defaultRotationDays = 90
const day = 86_400

/** When an alarm that failed is tried again. Seconds. */
const retryInterval = 3600

/**
 * The one object that makes and keeps signing keys, handle keys and the operators' public keys. Private parts are
 * sealed at rest. All times are seconds.
 */
export class KeyManager extends DurableObject<KeyManagerEnv> {
  readonly #settings: Settings
  readonly #keys: SigningKeys
  readonly #rotation: KeyRotation
  readonly #saml: SamlKeys
  readonly #handles: HandleSecrets
  readonly #salt: PairwiseSalt
  readonly #operators: OperatorRegistry
  #making: Promise<void> | undefined

  constructor(ctx: DurableObjectState, env: KeyManagerEnv) {
    super(ctx, env)
    const seal = new Seal(env.AUTHRIM_SECRET)
    const { sql } = ctx.storage
    this.#settings = new Settings(sql)
    this.#keys = new SigningKeys(sql, seal)
    const longestToken = Math.max(Number(env.TOKEN_EXPIRY ?? 600), Number(env.ID_TOKEN_EXPIRY ?? 3600))
    this.#rotation = new KeyRotation(this.#keys, longestToken)
    this.#saml = new SamlKeys(sql, seal, new URL(env.ISSUER_URL).hostname, () => this.#keys.checkSecret())
    this.#handles = new HandleSecrets(sql, seal)
    this.#salt = new PairwiseSalt(this.#settings, seal)
    this.#operators = new OperatorRegistry(sql)
  }

  /** The keys that the named uses need, and no others. */
  async lease(uses: readonly KeyUse[], now: number): Promise<LeasedKeys> {
    await this.#ensureKeys(now)
    const keys = this.#keys.published(now)
    const signing: LeasedSigningKey[] = []
    if (uses.includes('sign:access') || uses.includes('sign:id'))
      for (const alg of tokenAlgorithms) {
        const key = currentKey(keys, alg, now)
        if (key) signing.push({ kid: key.kid, alg, privateKey: await this.#keys.privateKey(key) })
      }
    const epoch = Number(this.#settings.get('epoch') ?? 0)
    const handles: Partial<Record<HandleKind, LeasedHandleKey[]>> = {}
    for (const use of uses) if (isHandleUse(use)) handles[kindOf(use)] = await this.#handles.keys(kindOf(use), epoch)
    return {
      signing,
      publicKeys: keys.map((key) => key.publicKey),
      handles,
      ...(uses.includes('sign:saml') && { saml: await this.#saml.lease(now) }),
      ...(uses.includes('pairwise') && { pairwise: await this.#salt.lease() }),
    }
  }

  /** The public key set, RFC 7517 §5. SAML's keys are not in it: their partners read metadata. */
  async publicKeys(now: number): Promise<JWK[]> {
    await this.#ensureKeys(now)
    return this.#keys.published(now).map((key) => key.publicKey)
  }

  async list(now: number): Promise<KeyListing[]> {
    await this.#ensureKeys(now)
    const keys = this.#keys.published(now)
    return [
      ...keys.map(({ kid, alg, createdAt, signsFrom, leavesAt, ...key }) => ({
        kid,
        alg,
        use: 'sig' as const,
        state: keyState({ kid, alg, createdAt, signsFrom, leavesAt, ...key }, keys, now),
        createdAt,
        signsFrom,
        leavesAt,
      })),
      ...this.#saml.list(now),
    ]
  }

  /**
   * Plans the switch to the published next key and publishes a new one behind it. Called again before the switch
   * it repeats its answer. `immediately` skips the wait: relying parties with a cached key set may refuse tokens.
   * @param of an algorithm, all of them, or `saml` for the key of SAML messages, which is only switched `immediately`.
   */
  async rotate(of: SigningAlgorithm | 'saml' | undefined, immediately: boolean, now: number): Promise<Rotation[]> {
    await this.#ensureKeys(now)
    if (of === 'saml') return [await this.#saml.rotate(immediately, now)]
    const rotations: Rotation[] = []
    for (const each of of ? [of] : tokenAlgorithms) rotations.push(await this.#rotation.rotate(each, immediately, now))
    this.#settings.set('rotatedAt', String(now))
    await this.#schedule(now)
    return rotations
  }

  /** Drops a key at once, in the middle of its life: everything it signed is refused from now on. */
  async revoke(kid: string, now: number): Promise<Revocation | undefined> {
    const revocation = (await this.#rotation.revoke(kid, now)) ?? (await this.#saml.revoke(kid, now))
    // No backup may bring it back.
    if (revocation) this.#settings.set(`revoked:${kid}`, String(now))
    return revocation
  }

  /**
   * A restore from a backup begins: every session and grant ends, on every shard, and the handles of before, such as
   * codes, refresh tokens and cookies, are refused from the next lease on, since the secret that made them is leased no
   * more. Guarantee: once it has answered nothing of before counts, whatever the restored data says (fault F40); one
   * that failed may be repeated.
   */
  async startEpoch(now: number): Promise<void> {
    await this.#ensureKeys(now)
    this.#settings.set('epoch', String(await this.#handles.addNewest()))
    await Promise.all([
      ...allShards(this.env.SESSION_STORE).map((sessions) => sessions.clear()),
      ...allShards(this.env.GRANT_LEDGER).map((ledger) => ledger.startEpoch(now)),
    ])
  }

  /** Every key and secret in the clear, for a backup that is sealed elsewhere. */
  async exportRows(): Promise<(KeyBackup & { readonly rowid?: never })[]> {
    const now = Math.floor(Date.now() / 1000)
    await this.#ensureKeys(now)
    return revealedKeys(this.#kept, now)
  }

  /** Puts the keys of a backup in place of those here, except revoked ones, and starts an epoch. */
  async importRows(rows: readonly unknown[]): Promise<number> {
    const now = Math.floor(Date.now() / 1000)
    const count = await putBack(this.#kept, rows, (kid) => this.#settings.get(`revoked:${kid}`) !== undefined)
    await this.startEpoch(now)
    await this.#schedule(now)
    return count
  }

  /** When keys rotate by themselves. */
  async schedule(days: number | undefined, now: number): Promise<{ days: number; nextRotationAt: number }> {
    await this.#ensureKeys(now)
    if (days !== undefined) this.#settings.set('rotationDays', String(days))
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
    if (!this.#handles.isEmpty() && this.#rotation.isReady(now)) return
    this.#making ??= this.#makeKeys(now).finally(() => {
      this.#making = undefined
    })
    await this.#making
  }

  async #makeKeys(now: number): Promise<void> {
    await this.#rotation.begin(now)
    if (this.#handles.isEmpty()) {
      await this.#keys.checkSecret()
      await this.#handles.make()
    }
    await this.#schedule(now)
  }

  get #kept() {
    return { signing: this.#keys, saml: this.#saml, handles: this.#handles, salt: this.#salt }
  }

  #rotationDays(): number {
    return Number(this.#settings.get('rotationDays') ?? defaultRotationDays)
  }

  #nextRotation(now: number): number {
    const rotatedAt = this.#settings.get('rotatedAt') ?? this.#settings.set('rotatedAt', String(now))
    return Number(rotatedAt) + this.#rotationDays() * day
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

async function bootstrapKey(text: string | undefined): Promise<{ kid: string; publicKey: JWK } | undefined> {
  if (!text) return undefined
  const publicKey: JWK = JSON.parse(text)
  return { kid: await calculateJwkThumbprint(publicKey), publicKey }
}
