import { OAuthError, invalidRequest } from '../protocol/error.ts'
import { Parameters } from '../protocol/parameters.ts'

/** Bytes of a request body that any endpoint reads. */
export const maximumBody = 65_536

/** A body must arrive in this time. Milliseconds. */
const patience = 10_000

/**
 * The parameters of a form post. Repeated ones are refused by the caller, who knows where the refusal goes.
 * @throws OAuthError invalid_request for another content type, payload_too_large, request_timeout.
 */
export async function readForm(request: Request): Promise<Parameters> {
  const type = request.headers.get('content-type')?.split(';')[0]?.trim().toLowerCase()
  if (type !== 'application/x-www-form-urlencoded')
    throw invalidRequest('the content type must be application/x-www-form-urlencoded')
  return new Parameters(new URLSearchParams(await readText(request)))
}

/**
 * A JSON body.
 * @throws OAuthError invalid_request for another content type or no JSON, payload_too_large, request_timeout.
 */
export async function readJson(request: Request): Promise<unknown> {
  const type = request.headers.get('content-type')?.split(';')[0]?.trim().toLowerCase()
  if (type !== 'application/json') throw invalidRequest('the content type must be application/json')
  return parseJson(await readText(request))
}

export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw invalidRequest('the body is not JSON')
  }
}

/** The body as text, at most so many bytes of it. */
export async function readText(request: Request, largest: number = maximumBody): Promise<string> {
  const length = request.headers.get('content-length')
  if (Number(length ?? 0) > largest) throw tooLarge()
  // The runtime holds a body to its announced length; counting it ourselves costs more than the rest of the reading.
  if (length !== null) return inTime(request.text())
  return request.body ? inTime(readChunks(request.body, largest)) : ''
}

async function readChunks(body: ReadableStream<Uint8Array>, largest: number): Promise<string> {
  const reader = body.getReader()
  const decoder = new TextDecoder()
  let text = ''
  let bytes = 0
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return text + decoder.decode()
    bytes += value.byteLength
    if (bytes > largest) {
      void reader.cancel().catch(() => undefined)
      throw tooLarge()
    }
    text += decoder.decode(value, { stream: true })
  }
}

async function inTime<T>(reading: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new OAuthError('request_timeout', 'the body came too slowly')), patience)
  })
  try {
    return await Promise.race([reading, late])
  } finally {
    clearTimeout(timer)
  }
}

function tooLarge(): OAuthError {
  return new OAuthError('payload_too_large', 'the body is too large')
}
