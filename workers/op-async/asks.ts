import type { Keyring } from '../../shared/keys/keyring.ts'
import type { AskRequest } from '../../shared/protocol/ask.ts'
import type { Client } from '../../shared/protocol/client.ts'
import { handleHash, randomId } from '../../shared/protocol/handle.ts'
import { newUserCode } from '../../shared/protocol/user-code.ts'
import type {
  ApprovedGrant,
  Ask as StoredAsk,
  PendingRequests,
} from '../../shared/stores/durable-objects/pending-requests.ts'
import type { Notice } from '../../shared/stores/durable-objects/notices.ts'
import { decided } from '../../shared/stores/grants.ts'
import { shard, shardOf } from '../../shared/stores/shards.ts'

/** A request that waits for a person. */
export interface Ask extends Omit<StoredAsk, 'request'> {
  readonly shard: number
  readonly request: AskRequest
}

/** Times are seconds. */
interface Terms {
  readonly interval: number
  readonly expiresAt: number
}

/** A code is one of 20⁸, so that not even the second is ever needed. */
const codeAttempts = 3

/**
 * Requests that people decide, in PendingRequests: those of devices in the shard of their user code, those of clients
 * in the shard of the person, so that each is found with one call.
 */
export class Asks {
  readonly #keyring: Keyring
  readonly #pending: DurableObjectNamespace<PendingRequests>

  constructor(keyring: Keyring, pending: DurableObjectNamespace<PendingRequests>) {
    this.#keyring = keyring
    this.#pending = pending
  }

  async ofDevice(
    client: Client,
    request: AskRequest,
    terms: Terms,
    now: number,
  ): Promise<{ deviceCode: string; userCode: string }> {
    for (let attempt = 0; attempt < codeAttempts; attempt++) {
      const userCode = newUserCode()
      const index = shardOf(userCode)
      const deviceCode = await this.#mint('device_code', index, terms.expiresAt, now)
      const kept = await this.#ask(index, { handle: deviceCode, client, request, terms, userCode }, now)
      if (kept === 'kept') return { deviceCode, userCode }
    }
    throw new Error('no user code was free')
  }

  /**
   * A client's request to a person; undefined if too many wait for that person already.
   * @param notice what is sent to the client once it is decided, given its `auth_req_id`.
   */
  async ofClient(
    client: Client,
    sub: string,
    request: AskRequest,
    terms: Terms & { push: boolean },
    notice: (authReqId: string) => Notice | undefined,
    now: number,
  ): Promise<{ authReqId: string; id: string } | undefined> {
    const index = shardOf(sub)
    const handle = await this.#mint('auth_req_id', index, terms.expiresAt, now)
    const kept = await this.#ask(index, { handle, client, request, terms, sub, notice: notice(handle) }, now)
    return kept === 'kept' ? { authReqId: handle, id: await handleHash(handle) } : undefined
  }

  async findByUserCode(userCode: string, now: number): Promise<Ask | undefined> {
    const index = shardOf(userCode)
    return asAsk(await decided(this.#shard(index).askOfCode(userCode, now)), index)
  }

  /** What waits for a person, the one that expires first before the others. */
  async listFor(sub: string, now: number): Promise<Ask[]> {
    const index = shardOf(sub)
    const asks = await decided(this.#shard(index).asksOf(sub, now))
    return asks.flatMap((ask) => asAsk(ask, index) ?? [])
  }

  /** The `auth_req_id` of a request whose client gets its tokens pushed. */
  async authReqId(ask: Ask): Promise<string> {
    return (await decided(this.#shard(ask.shard).authReqId(ask.id))) ?? ''
  }

  /** True for the one call that decides; without a grant it denies. */
  async decide(
    ask: Ask,
    grant: ApprovedGrant | undefined,
    result: Readonly<Record<string, unknown>> | undefined,
    now: number,
  ): Promise<boolean> {
    return decided(this.#shard(ask.shard).decide(ask.id, grant, result, now))
  }

  /** Sends a message that concerns a person's request, with retries. */
  async notify(sub: string, id: string, notice: Notice, now: number): Promise<void> {
    await decided(this.#shard(shardOf(sub)).notify(id, notice, now))
  }

  #mint(kind: 'device_code' | 'auth_req_id', index: number, expiresAt: number, now: number): Promise<string> {
    return this.#keyring.mint({ kind, shard: index, expiresAt, generation: 0, id: randomId() }, now)
  }

  async #ask(
    index: number,
    parts: {
      handle: string
      client: Client
      request: AskRequest
      terms: Terms & { push?: boolean }
      userCode?: string
      sub?: string
      notice?: Notice | undefined
    },
    now: number,
  ) {
    const { handle, client, request, terms, notice, ...more } = parts
    const ask = {
      id: await handleHash(handle),
      clientId: client.client_id,
      request: JSON.stringify(request),
      ...terms,
      ...more,
      ...(notice && { notice }),
    }
    return decided(this.#shard(index).ask(ask, now))
  }

  #shard(index: number): DurableObjectStub<PendingRequests> {
    return shard(this.#pending, index)
  }
}

function asAsk(stored: StoredAsk | undefined, index: number): Ask | undefined {
  return stored && { ...stored, shard: index, request: JSON.parse(stored.request) }
}
