import type { JWK } from 'jose'
import type { ThrottlePolicy } from '../../shared/protocol/throttling.ts'
import type { System } from './system.ts'

/** What `withDoubles('op-discovery')` adds to every object. */
export interface Doubled {
  /** Ends the object in the middle of its life; its storage stays. */
  kill(): Promise<never>
  /** Runs the alarm now. */
  sweep(): Promise<void>
  alarmAt(): Promise<number | null>
  sql(statement: string, ...values: (string | number | null)[]): Promise<Record<string, unknown>[]>
}

export interface Knowledge {
  readonly clientId: string
  readonly revision: number
}

export interface Ledger extends Doubled {
  open(grant: Record<string, unknown>, client: Knowledge): Promise<string | undefined>
  read(id: string): Promise<string | undefined>
  claim(
    id: string,
    redemptionId: string,
    client: Knowledge,
    lifetimes: { tokensUntil: number; refreshUntil: number | undefined },
    now: number,
  ): Promise<string | undefined>
  burn(id: string, clientId: string, now: number): Promise<void>
  rotate(
    id: string,
    generation: number,
    client: Knowledge,
    lifetimes: { tokensUntil: number; refreshUntil: number },
    now: number,
  ): Promise<{ refusal: string | undefined; generation: number; expiresAt: number }>
  refreshStanding(id: string, generation: number, now: number): Promise<string | undefined>
  tokenStanding(jti: string, grantId: string | undefined, clientId: string): Promise<string | undefined>
  keepToken(id: string, grantId: string | undefined, claims: string, expiresAt: number): Promise<void>
  token(id: string, now: number): Promise<string | undefined>
  once(key: string, expiresAt: number): Promise<boolean>
  revokeToken(jti: string, expiresAt: number): Promise<void>
  revoke(id: string, now: number): Promise<boolean>
  revokeAll(of: Record<string, unknown>, now: number): Promise<number>
  announceClient(client: Knowledge, stopped: boolean): Promise<void>
  list(of: Record<string, unknown>, after: string, limit: number, now: number): Promise<{ id: string }[]>
}

export interface Sessions extends Doubled {
  create(id: string, session: Record<string, unknown>): Promise<void>
  visit(id: string, now: number): Promise<Record<string, unknown> | undefined>
  addClient(id: string, clientId: string, scope: string, now: number): Promise<void>
  forgetClient(sub: string, clientId: string): Promise<void>
  end(id: string, sub?: string): Promise<string | undefined>
  endAll(sub: string, except?: string): Promise<string[]>
  list(sub: string, now: number): Promise<Record<string, unknown>[]>
  join(id: string, participant: Record<string, unknown>, now: number): Promise<void>
  participating(role: 'sp' | 'idp', entityId: string, nameId: string, now: number): Promise<Record<string, unknown>[]>
}

export interface Pending extends Doubled {
  put(id: string, request: string, expiresAt: number): Promise<void>
  get(id: string, now: number): Promise<string | undefined>
  take(id: string, now: number): Promise<string | undefined>
  ask(ask: Record<string, unknown>, now: number): Promise<string>
  askOfCode(userCode: string, now: number): Promise<Record<string, unknown> | undefined>
  decide(
    id: string,
    grant: { id: string; record: string } | undefined,
    result: Record<string, unknown> | undefined,
    now: number,
  ): Promise<boolean>
  poll(id: string, clientId: string, redemptionId: string, now: number): Promise<{ outcome: string }>
  noticeCount(): Promise<number>
}

export interface Throttling extends Doubled {
  attempt(key: string, policy: ThrottlePolicy, now: number): Promise<number>
  wait(key: string, policy: ThrottlePolicy, now: number): Promise<number>
  clear(key: string): Promise<void>
}

export interface Keys extends Doubled {
  lease(uses: string[], now: number): Promise<LeasedKeys>
  publicKeys(now: number): Promise<JWK[]>
  list(now: number): Promise<KeyListing[]>
  rotate(alg: string | undefined, immediately: boolean, now: number): Promise<Rotation[]>
  revoke(kid: string, now: number): Promise<{ kid: string; alg: string; replacement: string; dies: string } | undefined>
  exportRows(): Promise<Record<string, unknown>[]>
  importRows(rows: readonly unknown[]): Promise<number>
  schedule(days: number | undefined, now: number): Promise<{ days: number; nextRotationAt: number }>
}

export interface LeasedKeys {
  readonly signing: { kid: string; alg: string; privateKey: JWK }[]
  readonly publicKeys: JWK[]
  readonly handles: Record<string, { id: number; key: string }[]>
  readonly saml?: { kid: string; certificate: string; privateKey: JWK }[]
  readonly pairwise?: string
}

export interface KeyListing {
  readonly kid: string
  readonly alg: string
  readonly use: string
  readonly state: string
  readonly createdAt: number
  readonly signsFrom: number | undefined
  readonly leavesAt: number | undefined
  readonly certificateExpiresAt?: string
}

export interface Rotation {
  readonly alg: string
  readonly retiring: string | undefined
  readonly current: string
  readonly next: string | undefined
  readonly effectiveAt: number | undefined
}

interface Classes {
  GRANT_LEDGER: Ledger
  SESSION_STORE: Sessions
  PENDING_REQUESTS: Pending
  THROTTLE: Throttling
  KEY_MANAGER: Keys
}

interface Namespace<Stub> {
  getByName(name: string): Stub
}

function isNamespace<Stub>(value: unknown): value is Namespace<Stub> {
  return typeof value === 'object' && value !== null && 'getByName' in value
}

/** An object of a class as this process calls it; one of a fresh name is empty. */
export async function objectOf<B extends keyof Classes>(system: System, binding: B, name: string): Promise<Classes[B]> {
  const namespace = (await system.local.env('op-discovery'))[binding]
  if (!isNamespace<Classes[B]>(namespace)) throw new Error(`there is no ${binding}`)
  return namespace.getByName(name)
}

/** The object of every shard. */
export async function everyShard<B extends keyof Classes>(system: System, binding: B): Promise<Classes[B][]> {
  return Promise.all(Array.from({ length: 8 }, (_, index) => objectOf(system, binding, `shard-${index}`)))
}

/** Kills an object and answers a new stub: the caller of an object that dies gets an error, and its stub stays broken. */
export async function killed<B extends keyof Classes>(system: System, binding: B, name: string): Promise<Classes[B]> {
  const object = await objectOf(system, binding, name)
  await object.kill().catch(() => undefined)
  return objectOf(system, binding, name)
}
