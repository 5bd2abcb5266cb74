import type { Keyring } from '../keys/keyring.ts'
import { gateClient } from '../protocol/gate.ts'
import { handleHash, randomId } from '../protocol/handle.ts'
import type { Participant, Session, SessionListing, SessionStore } from '../stores/durable-objects/session-store.ts'
import { decided } from '../stores/grants.ts'
import { allShards, randomShard, shard } from '../stores/shards.ts'
import type { User } from '../stores/users.ts'
import { gate } from '../topology.ts'
import { setCookie } from './cookies.ts'
import { type SignedIn, SignedInPeople, handlesOf, maximumAccounts } from './signed-in.ts'

/** How somebody proved who they are. */
export interface Proof {
  readonly acr: string
  readonly amr: readonly string[]
  /** When, in seconds, if it was not just now. */
  readonly authTime?: number
  /** The identity provider that vouches for them. */
  readonly through?: Participant
  /** Seconds; until then at the latest. */
  readonly endsAt?: number
}

/**
 * Browser sessions. The cookie holds one handle for each account signed in, the one used last first. A new handle
 * is made at every sign-in, so that a planted or remembered one leads nowhere.
 */
export class Sessions extends SignedInPeople {
  readonly #keyring: Keyring
  readonly #store: DurableObjectNamespace<SessionStore>
  readonly #lifetime: number

  /** @param lifetime seconds. */
  constructor(keyring: Keyring, store: DurableObjectNamespace<SessionStore>, lifetime: number) {
    super(keyring, store)
    this.#keyring = keyring
    this.#store = store
    this.#lifetime = lifetime
  }

  /** Every live session of this browser that the client may see, the one used last first. */
  async all(request: Request, now: number, clientId?: string): Promise<SignedIn[]> {
    const visits = await Promise.all(handlesOf(request).map((handle) => this.visit(handle, now, clientId)))
    return visits.filter((visit) => visit !== undefined)
  }

  /**
   * Begins a session for a person who has just proven who they are, in place of an older one of theirs in this
   * browser: clients see the same `sid`, nobody the same cookie. That of the deploy gate's person is for one client and
   * ends with the person. Answers the cookie to set.
   */
  async start(
    request: Request,
    { sub, email }: Pick<User, 'sub' | 'email'>,
    proof: Proof,
    now: number,
  ): Promise<{ signedIn: SignedIn; cookie: string }> {
    const others = await this.all(request, now)
    const earlier = others.find((each) => each.session.sub === sub)
    const only = gateClient(email)
    const lifetime = only === undefined ? this.#lifetime : gate.lifetime
    const at = { shard: randomShard(), expiresAt: Math.min(now + lifetime, proof.endsAt ?? Infinity) }
    const handle = await this.#keyring.mint({ kind: 'session', generation: 0, id: randomId(), ...at }, now)
    const id = await handleHash(handle)
    const participants = participantsOf(earlier?.session.participants ?? [], proof.through)
    const session: Session = {
      sub,
      sid: earlier?.session.sid ?? randomId(),
      authTime: proof.authTime ?? now,
      acr: proof.acr,
      amr: proof.amr,
      createdAt: now,
      lastSeenAt: now,
      expiresAt: at.expiresAt,
      userAgent: (request.headers.get('user-agent') ?? '').slice(0, 300),
      address: request.headers.get('cf-connecting-ip') ?? '',
      clients: earlier?.session.clients ?? {},
      ...(participants.length > 0 && { participants }),
      ...(only !== undefined && { only }),
    }
    await decided(shard(this.#store, at.shard).create(id, session))
    if (earlier) await decided(shard(this.#store, earlier.shard).end(earlier.id))
    const handles = [handle, ...others.filter((each) => each !== earlier).map((each) => each.handle)]
    const cookie = setCookie('session', handles.slice(0, maximumAccounts).join('.'), undefined)
    return { signedIn: { handle, id, shard: at.shard, session }, cookie }
  }

  /** The cookie that makes a session the one used last. */
  async prefer(request: Request, preferred: SignedIn, now: number): Promise<string> {
    const others = (await this.all(request, now)).filter((each) => each.id !== preferred.id)
    return setCookie('session', [preferred, ...others].map((each) => each.handle).join('.'), undefined)
  }

  /** Ends the sessions of one person in this browser, or all of them; answers what ended and the cookie to set. */
  async end(request: Request, sub: string | undefined, now: number): Promise<{ ended: SignedIn[]; cookie: string }> {
    const all = await this.all(request, now)
    const ended = all.filter((each) => sub === undefined || each.session.sub === sub)
    await Promise.all(ended.map((each) => decided(shard(this.#store, each.shard).end(each.id))))
    const left = all.filter((each) => !ended.includes(each)).map((each) => each.handle)
    return { ended, cookie: setCookie('session', left.join('.'), left.length > 0 ? undefined : 0) }
  }

  async addClient(signedIn: SignedIn, clientId: string, tokens: string, now: number): Promise<void> {
    await decided(shard(this.#store, signedIn.shard).addClient(signedIn.id, clientId, tokens, now))
  }

  /** The person's sessions everywhere, newest first. */
  async listAll(sub: string, now: number): Promise<SessionListing[]> {
    const lists = await Promise.all(allShards(this.#store).map((store) => decided(store.list(sub, now))))
    return lists.flat().toSorted((a, b) => b.lastSeenAt - a.lastSeenAt)
  }

  /** Ends one session of a person, or all but one; answers their `sid`s. */
  async endElsewhere(sub: string, what: { id: string } | { except: string }): Promise<string[]> {
    const ended = await Promise.all(
      allShards(this.#store).map(async (store) => {
        if ('except' in what) return decided(store.endAll(sub, what.except))
        const sid = await decided(store.end(what.id, sub))
        return sid === undefined ? [] : [sid]
      }),
    )
    return ended.flat()
  }

  /** Makes every session of the person ask for consent to this client again. */
  async forgetClient(sub: string, clientId: string): Promise<void> {
    await Promise.all(allShards(this.#store).map((store) => decided(store.forgetClient(sub, clientId))))
  }
}

/** Those of the session before, with who vouches now in place of an older mention. */
function participantsOf(earlier: readonly Participant[], through: Participant | undefined): Participant[] {
  if (!through) return [...earlier]
  return [...earlier.filter(({ role, entityId }) => role !== through.role || entityId !== through.entityId), through]
}
