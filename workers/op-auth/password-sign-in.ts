import type { Keyring } from '../../shared/keys/keyring.ts'
import { gateClient } from '../../shared/protocol/gate.ts'
import { handleHash } from '../../shared/protocol/handle.ts'
import type { KeyLeaseService } from '../../shared/protocol/key-lease.ts'
import { hashPassword, needsRehash, nobodysHash, verifyPassword } from '../../shared/protocol/password-hash.ts'
import { accountPolicy, addressKey, addressPolicy } from '../../shared/protocol/throttling.ts'
import type { D1Users } from '../../shared/stores/d1/users.ts'
import type { Throttle } from '../../shared/stores/durable-objects/throttle.ts'
import { decided } from '../../shared/stores/grants.ts'
import { Throttles } from '../../shared/stores/throttles.ts'
import { type User, lookupKey } from '../../shared/stores/users.ts'
import { readCookie, setCookie } from '../../shared/http/cookies.ts'

export type PasswordOutcome =
  | { readonly user: User; readonly problem?: undefined }
  | { readonly problem: 'wrong_credentials'; readonly account: string | undefined }
  | { readonly problem: 'throttled' | 'busy'; readonly retryAfter: number }

/** A hash stops the isolate for a fifth of a second, so more than these at once are sent away. */
const maximumWaiting = 4

/** Longer text is nobody's password, and hashing it would cost us. Characters. */
const longestPassword = 1024

const deviceLifetime = 31_536_000

/**
 * Signs people in by password. Attempts are counted by account and by address before the password is looked at;
 * unknown people cost the same time and get the same answer as wrong passwords.
 */
export class PasswordSignIn {
  readonly #users: D1Users
  readonly #throttles: Throttles
  readonly #keyring: Keyring
  readonly #rate: RateLimit
  readonly #tickets: Pick<KeyLeaseService, 'redeemTicket'>
  #waiting = 0

  constructor(
    users: D1Users,
    throttle: DurableObjectNamespace<Throttle>,
    keyring: Keyring,
    rate: RateLimit,
    tickets: Pick<KeyLeaseService, 'redeemTicket'>,
  ) {
    this.#users = users
    this.#throttles = new Throttles(throttle)
    this.#keyring = keyring
    this.#rate = rate
    this.#tickets = tickets
  }

  /** @param now seconds. */
  async verify(request: Request, identifier: string, password: string, now: number): Promise<PasswordOutcome> {
    const address = addressKey(request.headers.get('cf-connecting-ip') ?? '')
    if (!(await this.#rate.limit({ key: address })).success) return { problem: 'throttled', retryAfter: 60 }
    if (this.#waiting >= maximumWaiting) return { problem: 'busy', retryAfter: 2 }
    this.#waiting += 1
    try {
      return await this.#verify(request, address, identifier, password, now)
    } finally {
      this.#waiting -= 1
    }
  }

  /** The cookie by which a device of a person is known, so that strangers cannot lock it out. */
  async deviceCookie(sub: string, now: number): Promise<string> {
    const generation = crypto.getRandomValues(new Uint32Array(1))[0] ?? 0
    const fields = {
      kind: 'device',
      shard: 0,
      expiresAt: now + deviceLifetime,
      generation,
      id: await deviceId(sub),
    } as const
    return setCookie('device', await this.#keyring.mint(fields, now), deviceLifetime)
  }

  async #verify(
    request: Request,
    address: string,
    identifier: string,
    password: string,
    now: number,
  ): Promise<PasswordOutcome> {
    const user = await this.#users.findByIdentifier(identifier)
    // Nobody guesses a signature, so the gate's sign-ins are not counted against the address they come from.
    if (user && gateClient(user.email) !== undefined) return this.#verifyTicket(user, password)
    const account = await this.#accountKey(request, user, identifier, now)
    const ofAddress = `address:${address}`
    // An address that has to wait is not counted against the account: it could lock out its owner.
    const wait =
      (await this.#throttles.attempt(ofAddress, addressPolicy, now)) ||
      (await this.#throttles.attempt(account, accountPolicy, now))
    if (wait > 0) return { problem: 'throttled', retryAfter: wait }
    const stored = user && (await this.#users.password(user.sub))
    const matches =
      (await verifyPassword(stored ?? nobodysHash, password.slice(0, longestPassword))) &&
      password.length <= longestPassword
    if (!user || !stored || !matches || user.disabled) return { problem: 'wrong_credentials', account: user?.sub }
    // The address may try as often as before: an office shares one. Its guesses at others are not forgiven.
    await Promise.all([this.#throttles.clear(account), this.#throttles.release(ofAddress)])
    if (needsRehash(stored)) await this.#users.setPassword(user.sub, await hashPassword(password), now)
    return { user }
  }

  /** The deploy gate's person has a ticket and no password, whatever is stored. */
  async #verifyTicket(user: User, ticket: string): Promise<PasswordOutcome> {
    const valid = await decided(this.#tickets.redeemTicket(ticket, user))
    return valid && !user.disabled ? { user } : { problem: 'wrong_credentials', account: user.sub }
  }

  /** A device that this person signed in from before has a count of its own. */
  async #accountKey(request: Request, user: User | undefined, identifier: string, now: number): Promise<string> {
    if (!user) return `account:${await handleHash(lookupKey(identifier).slice(0, 320))}`
    const cookie = readCookie(request, 'device')
    const device = cookie === undefined ? undefined : await this.#keyring.open('device', cookie, now)
    const known = device?.id === (await deviceId(user.sub))
    return known ? `device:${user.sub}:${device.generation}` : `account:${user.sub}`
  }
}

function deviceId(sub: string): Promise<string> {
  return handleHash(`device ${sub}`)
}
