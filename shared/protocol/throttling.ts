/** How attempts at one key are slowed down. All times in seconds. */
export interface ThrottlePolicy {
  /** Attempts that cost nothing. */
  readonly free: number
  /** The wait after the first attempt beyond those; it doubles with each further one. */
  readonly firstWait: number
  readonly longestWait: number
  /** Attempts are forgotten after this long without one. */
  readonly memory: number
}

export interface Attempts {
  readonly count: number
  readonly lastAt: number
}

/** Passwords of one account: a person who mistypes never notices, a guesser gets four tries an hour. */
export const accountPolicy: ThrottlePolicy = { free: 5, firstWait: 2, longestWait: 900, memory: 86_400 }

/** One address trying many accounts; wide, since offices share an address. */
export const addressPolicy: ThrottlePolicy = { free: 50, firstWait: 2, longestWait: 900, memory: 3600 }

/** Wrong client secrets from one address. */
export const clientPolicy: ThrottlePolicy = { free: 20, firstWait: 2, longestWait: 300, memory: 3600 }

/** Counts the attempt at `now`, or answers how long to wait before one is let through. */
export function nextAttempt(
  before: Attempts,
  policy: ThrottlePolicy,
  now: number,
): { readonly wait: number; readonly attempts: Attempts } {
  const beyond = before.count - policy.free
  const delay = beyond < 0 ? 0 : Math.min(policy.longestWait, policy.firstWait * 2 ** Math.min(beyond, 20))
  // Requests of one moment may arrive in another order, the later second first: what is free waits for none of them.
  const wait = beyond < 0 ? 0 : Math.max(0, before.lastAt + delay - now)
  const lastAt = Math.max(before.lastAt, now)
  return wait > 0 ? { wait, attempts: before } : { wait: 0, attempts: { count: before.count + 1, lastAt } }
}

/** IPv6 hosts own a whole /64, so all of it counts as one address. */
export function addressKey(address: string): string {
  if (!address.includes(':')) return address
  const [head = '', tail] = address.toLowerCase().split('::')
  const groups = head.split(':').filter(Boolean)
  if (tail !== undefined) {
    const rest = tail.split(':').filter(Boolean)
    while (groups.length + rest.length < 8) groups.push('0')
    groups.push(...rest)
  }
  return `${groups
    .slice(0, 4)
    .map((group) => group.replace(/^0+(?=.)/, ''))
    .join(':')}::/64`
}
