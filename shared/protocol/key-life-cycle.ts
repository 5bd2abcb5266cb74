/**
 * The life of a signing key: next (published, not used) → current → retiring (published, not used) → gone.
 * A state is a function of time, so a planned switch needs nobody to be awake for it. Times are seconds.
 */
export interface KeyTimes {
  readonly kid: string
  readonly alg: string
  readonly createdAt: number
  /** When it starts to sign; undefined while no switch is planned. */
  readonly signsFrom: number | undefined
  /** When it leaves the published set; undefined while no successor is known. */
  readonly leavesAt: number | undefined
}

export type KeyState = 'next' | 'current' | 'retiring' | 'gone'

/** How long relying parties may keep a copy of the key set, as `jwks.json` announces it. */
export const jwksMaxAge = 300
export const jwksStaleWhileRevalidate = 60

/** How long a Worker may use a leased key without asking again. */
export const leaseSeconds = 30

/**
 * How long a key is published before it signs: the longest a relying party keeps an older set, plus the time
 * our own copies of it may be behind.
 */
export const publicationLead = jwksMaxAge + jwksStaleWhileRevalidate + 8 * leaseSeconds

/**
 * The key of an algorithm that signs at `now`: the one that started last. A clock that is behind the first start gets
 * the first key.
 */
export function currentKey<K extends KeyTimes>(keys: readonly K[], alg: string, now: number): K | undefined {
  const planned = keys.filter((key) => key.alg === alg && key.signsFrom !== undefined).toSorted(byStart)
  return planned.findLast((key) => startOf(key) <= now) ?? planned[0]
}

/** The published key that signs after the current one: the planned one, or else the one published longest. */
export function nextKey<K extends KeyTimes>(keys: readonly K[], alg: string, now: number): K | undefined {
  const current = currentKey(keys, alg, now)
  const waiting = keys.filter((key) => key.alg === alg && key.kid !== current?.kid && startOf(key) > now)
  return waiting.find((key) => key.signsFrom !== undefined) ?? waiting.toSorted((a, b) => a.createdAt - b.createdAt)[0]
}

export function keyState(key: KeyTimes, keys: readonly KeyTimes[], now: number): KeyState {
  if (key.leavesAt !== undefined && key.leavesAt <= now) return 'gone'
  if (currentKey(keys, key.alg, now)?.kid === key.kid) return 'current'
  return startOf(key) > now ? 'next' : 'retiring'
}

function startOf(key: KeyTimes): number {
  return key.signsFrom ?? Infinity
}

/** Of two that started at once, the one that is not leaving counts as later. */
function byStart(a: KeyTimes, b: KeyTimes): number {
  return startOf(a) - startOf(b) || Number(a.leavesAt === undefined) - Number(b.leavesAt === undefined)
}

/** When a key may take over: at once if it has been published long enough, or as soon as it has. */
export function switchTime(next: KeyTimes, now: number, immediately: boolean): number {
  return immediately ? now : Math.max(now, next.createdAt + publicationLead)
}

/** When a key that stops signing at `stopsAt` may leave: after the last token that a late lease signed with it. */
export function departure(stopsAt: number, longestTokenSeconds: number): number {
  return stopsAt + leaseSeconds + longestTokenSeconds
}
