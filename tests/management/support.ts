import { createHash, randomUUID } from 'node:crypto'
import { type CryptoKey, SignJWT } from 'jose'
import type { System } from '../support/system.ts'

export interface SigningKey {
  readonly kid: string
  readonly privateKey: CryptoKey
}

export interface CallOptions {
  readonly body?: unknown
  /** Claims that replace the right ones. */
  readonly claims?: Readonly<Record<string, unknown>>
  /** Header members that replace the right ones. */
  readonly header?: Readonly<Record<string, unknown>>
  /** What is sent, when it is another body than the one that was signed. */
  readonly sent?: unknown
  readonly key?: SigningKey
}

/** A token for one request to the admin API, right unless told otherwise. */
export function operatorToken(
  system: System,
  method: string,
  path: string,
  { body, claims = {}, header = {}, key = system.local.operatorKey }: CallOptions = {},
): Promise<string> {
  const now = Math.floor(Date.now() / 1000)
  const text = body === undefined ? '' : JSON.stringify(body)
  return new SignJWT({
    iss: key.kid,
    aud: system.issuer,
    iat: now,
    exp: now + 60,
    jti: randomUUID(),
    htm: method,
    htu: `/admin/v1${path}`,
    body: createHash('sha256').update(text).digest('base64url'),
    ...claims,
  })
    .setProtectedHeader({ alg: 'EdDSA', typ: 'authrim-operator+jwt', kid: key.kid, ...header })
    .sign(key.privateKey)
}

/** Calls the admin API as an operator. */
export async function adminCall(
  system: System,
  method: string,
  path: string,
  options: CallOptions = {},
): Promise<Response> {
  const { body, sent = body } = options
  return fetch(`${system.issuer}/admin/v1${path}`, {
    method,
    headers: {
      authorization: `Bearer ${await operatorToken(system, method, path, options)}`,
      ...(sent !== undefined && { 'content-type': 'application/json' }),
    },
    ...(sent !== undefined && { body: JSON.stringify(sent) }),
  })
}

/** The answer of a call that has to succeed. */
export async function adminJson<T>(system: System, method: string, path: string, body?: unknown): Promise<T> {
  const response = await adminCall(system, method, path, body === undefined ? {} : { body })
  const text = await response.text()
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`)
  return JSON.parse(text)
}

export interface Refusal {
  readonly status: number
  readonly error: string
}

/** The body of an answer, as the test says it is. */
export async function json<T>(response: Response): Promise<T> {
  const value: T = JSON.parse(await response.text())
  return value
}

/** Status and code of an answer. */
export async function refusal(response: Response): Promise<Refusal> {
  const { error } = await json<{ error: string }>(response)
  return { status: response.status, error }
}

export function postForm(
  url: string,
  form: Record<string, string>,
  headers: Record<string, string> = {},
): Promise<Response> {
  return fetch(url, { method: 'POST', body: new URLSearchParams(form), headers })
}

export function sendJson(
  url: string,
  method: string,
  body: unknown,
  headers: Record<string, string> = {},
): Promise<Response> {
  return fetch(url, { method, body: JSON.stringify(body), headers: { 'content-type': 'application/json', ...headers } })
}
