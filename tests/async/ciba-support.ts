import { randomBytes } from 'node:crypto'
import { type JWK, type JWTPayload, exportJWK, generateKeyPair, SignJWT } from 'jose'
import { type Client, backchannelGrant } from '../../shared/protocol/client.ts'
import type { Agent } from '../support/agent.ts'
import { unescaped } from '../support/agent.ts'
import type { System, TestClient, TestUser } from '../support/system.ts'
import { postAs, signInOn } from './support.ts'

export interface BackchannelAnswer {
  readonly auth_req_id: string
  readonly expires_in: number
  readonly interval?: number
}

/** A client that may ask people by CIBA, polling unless told otherwise. */
export function backchannelClient(system: System, metadata: Partial<Client> = {}): Promise<TestClient> {
  return system.client({
    client_name: 'Corner Bank',
    redirect_uris: [],
    response_types: [],
    grant_types: [backchannelGrant, 'refresh_token'],
    backchannel_token_delivery_mode: 'poll',
    ...metadata,
  })
}

export function askPerson(system: System, client: TestClient, form: Record<string, string>): Promise<Response> {
  return postAs(system, client, '/bc-authorize', { scope: 'openid email', ...form })
}

/** A request that was accepted. */
export async function asked(
  system: System,
  client: TestClient,
  user: TestUser,
  form: Record<string, string> = {},
): Promise<BackchannelAnswer> {
  const response = await askPerson(system, client, { login_hint: user.username, ...form })
  if (response.status !== 200) throw new Error(`${response.status} ${await response.text()}`)
  const answer: BackchannelAnswer = await response.json()
  return answer
}

export function pollBackchannel(system: System, client: TestClient, authReqId: string): Promise<Response> {
  return postAs(system, client, '/token', { grant_type: backchannelGrant, auth_req_id: authReqId })
}

/** The approvals page of a person, who signs in for it. */
export async function openApprovals(agent: Agent, user: TestUser): Promise<string> {
  return (await signInOn(agent, await agent.get('/approvals'), user)).text()
}

/** Presses a button of the first request on an approvals page. */
export function press(
  agent: Agent,
  page: string,
  action: string,
  more: Record<string, string> = {},
): Promise<Response> {
  return agent.submit(page, { action, ...more }, '/approvals')
}

/** A person decides about the only request that waits. */
export async function decideRequest(
  system: System,
  user: TestUser,
  action: 'approve' | 'deny',
  agent = system.agent(),
): Promise<string> {
  const page = await openApprovals(agent, user)
  return (await agent.follow(await press(agent, page, action))).text()
}

/** The text of a page, as a person reads it. */
export function textOf(html: string): string {
  return unescaped(html.replaceAll(/<[^>]*>/g, ' ')).replaceAll(/\s+/g, ' ')
}

export interface SigningClient {
  readonly metadata: Partial<Client>
  sign(claims: JWTPayload, alg?: string): Promise<string>
}

/** Metadata and the key of a client that signs with an algorithm. */
export async function signingClient(alg: string): Promise<SigningClient> {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true })
  const jwk: JWK = { ...(await exportJWK(publicKey)), kid: 'one', alg }
  return {
    metadata: { jwks: { keys: [jwk] } },
    sign: (claims) => new SignJWT(claims).setProtectedHeader({ alg, kid: 'one' }).sign(privateKey),
  }
}

/** The claims of a signed authentication request; `undefined` leaves one out. */
export function requestClaims(
  system: System,
  client: TestClient,
  user: TestUser,
  changes: Record<string, unknown> = {},
): JWTPayload {
  const now = Math.floor(Date.now() / 1000)
  const claims: Record<string, unknown> = {
    iss: client.client_id,
    aud: system.issuer,
    iat: now,
    nbf: now,
    exp: now + 300,
    jti: randomBytes(16).toString('base64url'),
    scope: 'openid email',
    login_hint: user.username,
    ...changes,
  }
  return Object.fromEntries(Object.entries(claims).filter(([, value]) => value !== undefined))
}

export function notificationToken(): string {
  return randomBytes(32).toString('base64url')
}
