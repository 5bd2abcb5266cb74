import { type Client, deviceCodeGrant } from '../../shared/protocol/client.ts'
import type { Agent } from '../support/agent.ts'
import { basic, type Tokens } from '../support/oauth.ts'
import type { System, TestClient, TestUser } from '../support/system.ts'

/** The answer of the device authorization endpoint, RFC 8628 §3.2. */
export interface DeviceAuthorization {
  readonly device_code: string
  readonly user_code: string
  readonly verification_uri: string
  readonly verification_uri_complete: string
  readonly expires_in: number
  readonly interval: number
}

/** A client that may use the device flow. */
export function deviceClient(system: System, metadata: Partial<Client> = {}): Promise<TestClient> {
  return system.client({
    client_name: 'Living Room TV',
    redirect_uris: [],
    response_types: [],
    grant_types: [deviceCodeGrant, 'refresh_token'],
    ...metadata,
  })
}

/** How a client authenticates in a form post: by its secret, or by its name alone. */
function credentials(client: TestClient): { headers: Record<string, string>; form: Record<string, string> } {
  return client.token_endpoint_auth_method === 'none'
    ? { headers: {}, form: { client_id: client.client_id } }
    : { headers: basic(client), form: {} }
}

/** Posts a form as the client. */
export function postAs(
  system: Pick<System, 'issuer'>,
  client: TestClient,
  path: string,
  form: Record<string, string> | [string, string][],
): Promise<Response> {
  const own = credentials(client)
  const pairs = Array.isArray(form) ? form : Object.entries(form)
  return fetch(`${system.issuer}${path}`, {
    method: 'POST',
    headers: own.headers,
    body: new URLSearchParams([...Object.entries(own.form), ...pairs]),
  })
}

export async function beginDevice(
  system: System,
  client: TestClient,
  form: Record<string, string> = { scope: 'openid email offline_access' },
): Promise<DeviceAuthorization> {
  const response = await postAs(system, client, '/device_authorization', form)
  if (response.status !== 200) throw new Error(`${response.status} ${await response.text()}`)
  const answer: DeviceAuthorization = await response.json()
  return answer
}

export function pollDevice(system: System, client: TestClient, deviceCode: string, more = {}): Promise<Response> {
  return postAs(system, client, '/token', { grant_type: deviceCodeGrant, device_code: deviceCode, ...more })
}

/** The error code of a refusal, with its status. */
export async function refusal(response: Response): Promise<{ status: number; error: unknown }> {
  const { error }: { error?: unknown } = await response.json()
  return { status: response.status, error }
}

/** The tokens of a successful answer. */
export async function tokensOf(response: Response): Promise<Tokens> {
  if (response.status !== 200) throw new Error(`${response.status} ${await response.text()}`)
  const answer: Tokens = await response.json()
  return answer
}

/** Signs a person in where the Worker sent the browser, and follows back. */
export async function signInOn(agent: Agent, begin: Response, person: TestUser): Promise<Response> {
  const page = await (await agent.follow(begin)).text()
  const fields = { identifier: person.username, password: person.password }
  return agent.follow(await agent.submit(page, fields, '/signin'))
}

/** Goes to the page of a code as a person, who has to sign in first. */
export async function openDevice(agent: Agent, userCode: string, person: TestUser): Promise<string> {
  const begin = await agent.get(`/device?user_code=${userCode}`)
  return (await signInOn(agent, begin, person)).text()
}

/** A person approves or denies what a device asks for. */
export async function decideDevice(
  system: System,
  userCode: string,
  person: TestUser,
  action: 'allow' | 'deny',
  agent = system.agent(),
): Promise<Response> {
  return agent.submit(await openDevice(agent, userCode, person), { action }, '/device')
}
