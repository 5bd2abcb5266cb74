import { createHash, randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { SignJWT } from 'jose'
import * as v from 'valibot'
import type { LocatedEnvironment } from '../environment.ts'
import { CliError } from '../error.ts'
import { apiError, type ApiFailure, unreachable } from './error.ts'
import { findOperatorKey, type OperatorKey } from './operator-key.ts'

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

export interface AdminClientOptions {
  readonly issuer: string
  readonly key: OperatorKey
  /** A line per request: method, path, status, time. Never headers or bodies. */
  readonly onRequest?: ((line: string) => void) | undefined
  /** Said when nothing answers. */
  readonly local?: boolean
  /** Carries a request; over the internet unless told otherwise. */
  readonly send?: (target: string, request: AdminRequest) => Promise<AdminResponse>
}

export interface AdminRequest {
  readonly method: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string
}

export interface AdminResponse {
  readonly status: number
  readonly headers: Headers
  readonly text: string
}

const ATTEMPTS = 3
const LONGEST_WAIT = 30
const TIMEOUT = 30_000

/** The admin API (`/admin/v1`), every request signed with the operator's key. Paths are relative to it. */
export class AdminClient {
  readonly #options: AdminClientOptions

  constructor(options: AdminClientOptions) {
    this.#options = options
  }

  get issuer(): string {
    return this.#options.issuer
  }

  get<T>(path: string, answer: v.GenericSchema<unknown, T>): Promise<T> {
    return this.#send('GET', path, undefined, answer)
  }

  post<T>(path: string, body: object, answer: v.GenericSchema<unknown, T>): Promise<T> {
    return this.#send('POST', path, body, answer)
  }

  put<T>(path: string, body: object, answer: v.GenericSchema<unknown, T>): Promise<T> {
    return this.#send('PUT', path, body, answer)
  }

  patch<T>(path: string, body: object, answer: v.GenericSchema<unknown, T>): Promise<T> {
    return this.#send('PATCH', path, body, answer)
  }

  delete<T>(path: string, answer: v.GenericSchema<unknown, T>): Promise<T> {
    return this.#send('DELETE', path, undefined, answer)
  }

  /** Sends until it is answered: 429 and 503 promise that nothing was done, so they are repeated when the server says. */
  async #send<T>(
    method: Method,
    path: string,
    body: object | undefined,
    schema: v.GenericSchema<unknown, T>,
  ): Promise<T> {
    const target = `/admin/v1${path}`
    for (let attempt = 1; ; attempt++) {
      const answer = await this.#sendOnce(method, target, body)
      if ('json' in answer) return read(schema, answer.json, target)
      const wait = answer.retryAfter
      if (wait === undefined || wait > LONGEST_WAIT || attempt === ATTEMPTS) throw apiError(answer)
      await sleep(wait * 1000)
    }
  }

  async #sendOnce(method: Method, target: string, body: object | undefined): Promise<{ json: unknown } | ApiFailure> {
    const { issuer, onRequest, local = false, send = overInternet(issuer) } = this.#options
    const text = body === undefined ? '' : JSON.stringify(body)
    const started = performance.now()
    let response: AdminResponse
    try {
      response = await send(target, {
        method,
        headers: {
          authorization: `Bearer ${await this.#token(method, target, text)}`,
          accept: 'application/json',
          ...(body !== undefined && { 'content-type': 'application/json' }),
        },
        ...(body !== undefined && { body: text }),
      })
    } catch (error) {
      onRequest?.(`${method} ${target} failed after ${elapsed(started)}`)
      throw unreachable(issuer, local, error)
    }
    onRequest?.(`${method} ${target} ${response.status} ${elapsed(started)}`)
    const ok = response.status >= 200 && response.status < 300
    if (ok) return { json: parseAnswer(response.text, target, response.status) }
    return {
      status: response.status,
      target,
      body: response.text,
      requestId: response.headers.get('x-request-id') ?? undefined,
      retryAfter: [429, 503].includes(response.status) ? retryAfter(response.headers) : undefined,
    }
  }

  /** A JWT that fits this request only. */
  #token(method: Method, target: string, body: string): Promise<string> {
    const { issuer, key } = this.#options
    return new SignJWT({ htm: method, htu: target, body: createHash('sha256').update(body).digest('base64url') })
      .setProtectedHeader({ alg: 'EdDSA', typ: 'authrim-operator+jwt', kid: key.kid })
      .setIssuer(key.kid)
      .setAudience(issuer)
      .setIssuedAt()
      .setExpirationTime('60s')
      .setJti(randomUUID())
      .sign(key.privateKey)
  }
}

function overInternet(issuer: string): NonNullable<AdminClientOptions['send']> {
  return async (target, request) => {
    const signal = AbortSignal.timeout(TIMEOUT)
    const response = await fetch(issuer + target, { ...request, redirect: 'manual', signal })
    return { status: response.status, headers: response.headers, text: await response.text() }
  }
}

/** The client for an environment, with the operator's key of this machine. */
export async function openAdmin(
  { environment, folder, local }: LocatedEnvironment,
  onRequest: AdminClientOptions['onRequest'],
): Promise<AdminClient> {
  return new AdminClient({ issuer: environment.issuer, key: await findOperatorKey(folder), onRequest, local })
}

function parseAnswer(text: string, target: string, status: number): unknown {
  if (text === '') return undefined
  try {
    return JSON.parse(text)
  } catch {
    throw apiError({ status, target, body: text, requestId: undefined, retryAfter: undefined })
  }
}

function read<T>(schema: v.GenericSchema<unknown, T>, json: unknown, target: string): T {
  const result = v.safeParse(schema, json)
  if (result.success) return result.output
  const [{ path, message }] = result.issues
  const at = path?.map(({ key }) => String(key)).join('.') ?? 'the document'
  throw new CliError(`${target.replace(/\?.*/, '')} answered something else than expected: ${at}: ${message}`, {
    code: 'unexpected_answer',
    hint: 'This authrim and the deployed Workers may be of different releases.',
  })
}

function retryAfter(headers: Headers): number {
  const seconds = Number(headers.get('retry-after') ?? 1)
  return Number.isFinite(seconds) && seconds >= 0 ? seconds : 1
}

function elapsed(since: number): string {
  return `${Math.round(performance.now() - since)} ms`
}
