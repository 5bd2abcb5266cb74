import { createHash, randomBytes } from 'node:crypto'
import { createLocalJWKSet, type JSONWebKeySet, jwtVerify } from 'jose'
import * as v from 'valibot'
import { Anything, UserAnswer } from '../admin/answers.ts'
import type { AdminClient } from '../admin/client.ts'
import type { Edge, EdgeAnswer } from '../apply/edge.ts'
import { Browser } from './browser.ts'
import { type Finding, well } from './finding.ts'

const Tokens = v.looseObject({ access_token: v.string(), id_token: v.string() })
const KeySet = v.looseObject({ keys: v.array(v.looseObject({ kty: v.string() })) })

/** Never asked for: the code is read from the redirect. */
const CALLBACK = 'https://doctor.example/callback'

/**
 * A whole code flow as a client and a person that exist for it only: sign-in page, password, code, tokens, their
 * signature, userinfo. Both are removed at the end, with whatever the login left.
 */
export async function testLogin(admin: AdminClient, edge: Edge): Promise<Finding> {
  const id = `doctor-${randomBytes(6).toString('hex')}`
  const password = randomBytes(24).toString('base64url')
  const started = performance.now()
  try {
    await admin.post('/clients', { ...metadata(id) }, Anything)
    const { user } = await admin.post('/users', { email: `${id}@doctor.example`, username: id, password }, UserAnswer)
    const verifier = randomBytes(32).toString('base64url')
    const code = await signIn(edge, id, password, verifier)
    const tokens = await redeem(edge, id, code, verifier)
    const keys = parsed(await edge.request('/.well-known/jwks.json'), KeySet, 'the key set')
    const keySet: JSONWebKeySet = { keys: keys.keys }
    const { payload } = await jwtVerify(tokens.id_token, createLocalJWKSet(keySet), {
      issuer: edge.issuer,
      audience: id,
    })
    if (payload.sub !== user.sub) throw new Error('the ID token is about somebody else')
    const userinfo = await edge.request('/userinfo', { headers: { authorization: `Bearer ${tokens.access_token}` } })
    if (userinfo.status !== 200) throw new Error(`/userinfo answers ${userinfo.status} to a fresh token`)
    return well(
      'login',
      `a throw-away person signed in to a throw-away client in ${((performance.now() - started) / 1000).toFixed(1)} s`,
    )
  } finally {
    await Promise.allSettled([admin.delete(`/users/${id}`, Anything), admin.delete(`/clients/${id}`, Anything)])
  }
}

function metadata(id: string) {
  return {
    client_id: id,
    client_name: 'authrim doctor',
    redirect_uris: [CALLBACK],
    grant_types: ['authorization_code'],
    response_types: ['code'],
    token_endpoint_auth_method: 'none',
    scope: 'openid',
    // Nobody is there to be asked.
    first_party: true,
  }
}

async function signIn(edge: Edge, id: string, password: string, verifier: string): Promise<string> {
  const challenge = createHash('sha256').update(verifier).digest('base64url')
  const parameters = { client_id: id, redirect_uri: CALLBACK, response_type: 'code', scope: 'openid', state: id }
  const proof = { code_challenge: challenge, code_challenge_method: 'S256' }
  const browser = new Browser(edge)
  const page = await browser.get(`/authorize?${new URLSearchParams({ ...parameters, ...proof })}`)
  if (page.status !== 200) throw new Error(`the sign-in page answers ${page.status}`)
  const back = await browser.submit(page, '/signin', { identifier: id, password })
  const location = URL.parse(back.headers.get('location') ?? '')
  const code = location?.searchParams.get('code')
  if (code) return code
  throw new Error(
    location ? `sign-in ends with ${location.searchParams.get('error')}` : `sign-in answers ${back.status}`,
  )
}

async function redeem(edge: Edge, id: string, code: string, verifier: string) {
  const form = {
    grant_type: 'authorization_code',
    code,
    redirect_uri: CALLBACK,
    client_id: id,
    code_verifier: verifier,
  }
  const answer = await edge.request('/token', {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams(form).toString(),
  })
  return parsed(answer, Tokens, '/token')
}

function parsed<T>({ status, text }: EdgeAnswer, schema: v.GenericSchema<unknown, T>, what: string): T {
  if (status !== 200) throw new Error(`${what} answers ${status}`)
  const result = v.safeParse(schema, JSON.parse(text))
  if (result.success) return result.output
  throw new Error(`${what} answers something else than it should`)
}
