import type { Workshop } from '../cli/workshop.ts'
import type { TestClient } from '../support/system.ts'

/** A row of the ledger, taken out to be put back into another. */
export interface KeptGrant {
  readonly id: string
  readonly shard: number
  readonly record: string
}

/** The ledger's row behind a refresh token, whose octets say where it is. */
export async function grantOf(shop: Workshop, token: string): Promise<KeptGrant> {
  const bytes = Buffer.from(token, 'base64url')
  const [id, shardNumber] = [bytes.subarray(13, 29).toString('base64url'), bytes.readUInt16BE(3)]
  const record = await (await ledgerOf(shop, shardNumber)).read(id)
  return { id, shard: shardNumber, record: record ?? '' }
}

/** Makes the ledger know a grant as one whose first refresh token is its newest. */
export async function putBackGrant(
  shop: Workshop,
  client: TestClient,
  { id, shard: number, record }: KeptGrant,
): Promise<void> {
  const ledger = await ledgerOf(shop, number)
  const now = Math.floor(Date.now() / 1000)
  const knowledge = { clientId: client.client_id, revision: Date.now() }
  await ledger.open({ id, sub: 'ada', sid: undefined, record, codeExpiresAt: now + 60, offline: true }, knowledge)
  await ledger.claim(id, 'again', knowledge, { tokensUntil: now + 600, refreshUntil: now + 86_400 }, now)
}

/** What the tests ask of a ledger; see shared/stores/durable-objects/grant-ledger.ts. */
interface Ledger {
  read(id: string): Promise<string | undefined>
  open(grant: object, knowledge: object): Promise<unknown>
  claim(id: string, redemption: string, knowledge: object, lifetimes: object, now: number): Promise<unknown>
}

async function ledgerOf(shop: Workshop, number: number): Promise<Ledger> {
  const { GRANT_LEDGER } = await shop.cloudflare.env('authrim-local-op-token')
  if (!isLedgers(GRANT_LEDGER)) throw new Error('op-token binds no ledger')
  return GRANT_LEDGER.getByName(`shard-${number}`)
}

function isLedgers(binding: unknown): binding is { getByName(name: string): Ledger } {
  return typeof binding === 'object' && binding !== null && 'getByName' in binding
}
