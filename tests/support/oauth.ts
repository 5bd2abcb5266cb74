import { createHash, randomBytes } from 'node:crypto'
import type { Agent } from './agent.ts'
import { startSession } from './sessions.ts'
import type { System, TestClient, TestUser } from './system.ts'

export interface Tokens {
  readonly access_token: string
  readonly token_type: string
  readonly expires_in: number
  readonly scope: string
  readonly id_token: string
  readonly refresh_token: string
}

/** The path of an authorization request of a client; `null` leaves a parameter out. */
export function authorizationPath(client: TestClient, parameters: Record<string, string | null> = {}): string {
  const all = {
    client_id: client.client_id,
    redirect_uri: client.redirectUri,
    response_type: 'code',
    scope: 'openid',
    state: 'the-state',
    nonce: 'the-nonce',
    ...parameters,
  }
  const given = Object.entries(all).filter((entry): entry is [string, string] => entry[1] !== null)
  return `/authorize?${new URLSearchParams(given)}`
}

export function pkce(): { verifier: string; challenge: string; parameters: Record<string, string> } {
  const verifier = randomBytes(32).toString('base64url')
  const challenge = createHash('sha256').update(verifier).digest('base64url')
  return { verifier, challenge, parameters: { code_challenge: challenge, code_challenge_method: 'S256' } }
}

export function basic(client: { client_id: string; secret: string }): { authorization: string } {
  const encoded = [client.client_id, client.secret].map((part) => encodeURIComponent(part)).join(':')
  return { authorization: `Basic ${Buffer.from(encoded).toString('base64')}` }
}

/** Posts to the token endpoint as the client. */
export function tokenRequest(
  system: Pick<System, 'issuer'>,
  client: TestClient,
  form: Record<string, string>,
): Promise<Response> {
  return fetch(`${system.issuer}/token`, {
    method: 'POST',
    headers: basic(client),
    body: new URLSearchParams(form),
  })
}

/** A code for a person who is signed in and consents; an agent of the caller's signs in by itself. */
export async function codeFor(
  system: System,
  client: TestClient,
  user: TestUser,
  parameters: Record<string, string | null> = {},
  given?: Agent,
): Promise<string> {
  const agent = given ?? system.agent()
  if (!given) await startSession(system, agent, user)
  const callback = await agent.authorize(authorizationPath(client, parameters), user)
  const code = callback.searchParams.get('code')
  if (code === null) throw new Error(`no code: ${callback}`)
  return code
}

/** The tokens of a whole code flow. */
export async function signedInTokens(
  system: System,
  client: TestClient,
  user: TestUser,
  parameters: Record<string, string | null> = {},
  agent?: Agent,
): Promise<Tokens> {
  const code = await codeFor(system, client, user, parameters, agent)
  const response = await tokenRequest(system, client, {
    grant_type: 'authorization_code',
    code,
    redirect_uri: client.redirectUri,
  })
  if (response.status !== 200) throw new Error(`${response.status} ${await response.text()}`)
  const tokens: Tokens = await response.json()
  return tokens
}

/** The claims of a JWT, not verified. */
export function claimsOf(jwt: string): Record<string, unknown> {
  return JSON.parse(Buffer.from(jwt.split('.')[1] ?? '', 'base64url').toString())
}
