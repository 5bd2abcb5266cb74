import { createHash, randomBytes } from 'node:crypto'
import { createLocalJWKSet, type JSONWebKeySet, jwtVerify } from 'jose'
import * as v from 'valibot'
import type { WorkerName } from '../../shared/topology.ts'
import type { Edge, EdgeAnswer } from '../apply/edge.ts'
import { Browser } from './browser.ts'

/** Who signs in to what. The client is public, and `password` whatever the sign-in page takes. */
export interface Login {
  readonly clientId: string
  /** Never asked for: the code is read from the redirect. */
  readonly redirectUri: string
  readonly identifier: string
  readonly password: string
  readonly sub: string
  readonly email: string
  /** Go with every request. */
  readonly headers?: Readonly<Record<string, string>>
}

/** A step of a login that went wrong, and the Worker that answered it. */
export class LoginFailure extends Error {
  readonly worker: WorkerName

  constructor(worker: WorkerName, message: string, options?: ErrorOptions) {
    super(message, options)
    this.worker = worker
  }
}

const Tokens = v.looseObject({ access_token: v.string(), id_token: v.string() })
const KeySet = v.looseObject({ keys: v.array(v.looseObject({ kty: v.string() })) })
const Claims = v.looseObject({ sub: v.string(), email: v.optional(v.string()) })

/**
 * A whole code flow as a person's browser and a client go through it: sign-in page, consent where it is asked, code,
 * tokens, their signature by the published keys, userinfo.
 * @throws LoginFailure
 */
export async function runCodeFlow(edge: Edge, login: Login): Promise<void> {
  const verifier = randomBytes(32).toString('base64url')
  const nonce = randomBytes(16).toString('base64url')
  const code = await step('op-auth', () => signIn(edge, login, verifier, nonce))
  const tokens = await step('op-token', () => redeem(edge, login, code, verifier))
  await step('op-discovery', () => verify(edge, login, tokens.id_token, nonce))
  await step('op-userinfo', async () => {
    const headers = { ...login.headers, authorization: `Bearer ${tokens.access_token}` }
    const claims = parsed(await edge.request('/userinfo', { headers }), Claims, '/userinfo')
    if (claims.sub !== login.sub || claims.email !== login.email) throw new Error('/userinfo is about somebody else')
  })
}

/** What fails in a step is its Worker's, and so is an answer that does not come. */
async function step<T>(worker: WorkerName, act: () => Promise<T>): Promise<T> {
  try {
    return await act()
  } catch (error) {
    throw new LoginFailure(worker, error instanceof Error ? error.message : String(error), { cause: error })
  }
}

async function signIn(edge: Edge, login: Login, verifier: string, nonce: string): Promise<string> {
  const { clientId, redirectUri, identifier, password, headers = {} } = login
  const request = new URLSearchParams({
    client_id: clientId,
    redirect_uri: redirectUri,
    response_type: 'code',
    scope: 'openid email',
    // The page that asks is tried as well.
    prompt: 'consent',
    state: nonce,
    nonce,
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
  })
  const browser = new Browser(edge, headers)
  const page = await browser.get(`/authorize?${request}`)
  if (page.status !== 200) throw new Error(`the sign-in page answers ${page.status}`)
  let back = await browser.submit(page, '/signin', { identifier, password })
  if (back.status === 200 && back.text.includes('action="/consent"'))
    back = await browser.submit(back, '/consent', { action: 'allow' })
  const location = URL.parse(back.headers.get('location') ?? '')
  if (!location) throw new Error(`sign-in answers ${back.status}`)
  const answer = location.searchParams
  const code = answer.get('code')
  if (code === null) throw new Error(`sign-in ends with ${answer.get('error')}`)
  if (answer.get('state') !== nonce) throw new Error('the code comes without its state')
  if (answer.get('iss') !== edge.issuer) throw new Error(`the code comes from the issuer ${answer.get('iss')}`)
  return code
}

async function redeem(edge: Edge, login: Login, code: string, verifier: string) {
  const form = {
    grant_type: 'authorization_code',
    code,
    redirect_uri: login.redirectUri,
    client_id: login.clientId,
    code_verifier: verifier,
  }
  const answer = await edge.request('/token', {
    method: 'POST',
    headers: { ...login.headers, 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams(form).toString(),
  })
  return parsed(answer, Tokens, '/token')
}

async function verify(edge: Edge, { headers = {}, ...login }: Login, idToken: string, nonce: string): Promise<void> {
  const keys = parsed(await edge.request('/.well-known/jwks.json', { headers }), KeySet, 'the key set')
  const keySet: JSONWebKeySet = { keys: keys.keys }
  const { payload } = await jwtVerify(idToken, createLocalJWKSet(keySet), {
    issuer: edge.issuer,
    audience: login.clientId,
    // This machine's clock may be off; the other checks tell of that.
    clockTolerance: 600,
  }).catch((error: unknown) => {
    const reason = error instanceof Error ? error.message : String(error)
    throw new Error(`the published keys do not verify the ID token (${reason})`, { cause: error })
  })
  if (payload.sub !== login.sub || payload['nonce'] !== nonce) throw new Error('the ID token is about somebody else')
}

function parsed<T>({ status, text }: EdgeAnswer, schema: v.GenericSchema<unknown, T>, what: string): T {
  if (status !== 200) throw new Error(`${what} answers ${status}`)
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch {
    throw new Error(`${what} answers something else than JSON`)
  }
  const result = v.safeParse(schema, json)
  if (result.success) return result.output
  throw new Error(`${what} answers something else than it should`)
}
