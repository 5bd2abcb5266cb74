import type { IncomingHttpHeaders } from 'node:http'
import * as v from 'valibot'
import { badRequest } from './api-error.ts'
import type { Token } from './token.ts'

/** A request to an endpoint, authenticated and matched. */
export class Call {
  readonly token: Token
  readonly method: string
  readonly params: Readonly<Record<string, string>>
  readonly query: URLSearchParams
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer

  constructor(init: {
    token: Token
    method: string
    params: Record<string, string>
    query: URLSearchParams
    headers: IncomingHttpHeaders
    body: Buffer
  }) {
    this.token = init.token
    this.method = init.method
    this.params = init.params
    this.query = init.query
    this.headers = init.headers
    this.body = init.body
  }

  /** A parameter of the path, decoded. */
  param(name: string): string {
    const value = this.params[name]
    if (value === undefined) throw new TypeError(`this path has no parameter ${name}`)
    return value
  }

  /** The JSON body, parsed to a type. */
  json<T extends v.GenericSchema>(schema: T): v.InferOutput<T> {
    return parseInput(schema, parseJson(this.body.toString('utf8')))
  }

  /** The multipart body. */
  async form(): Promise<FormData> {
    const contentType = this.headers['content-type'] ?? ''
    if (!contentType.startsWith('multipart/form-data')) throw badRequest('The body must be multipart/form-data.')
    try {
      return await new Response(new Uint8Array(this.body), { headers: { 'content-type': contentType } }).formData()
    } catch {
      throw badRequest('The multipart body could not be parsed.')
    }
  }
}

/** Parses JSON that came in a request. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw badRequest('Could not parse the JSON body.', 10026)
  }
}

/** Parses input to a type, and names the member that is wrong. */
export function parseInput<T extends v.GenericSchema>(schema: T, input: unknown): v.InferOutput<T> {
  const { success, output, issues } = v.safeParse(schema, input)
  if (success) return output
  const [issue] = issues
  throw badRequest(`${v.getDotPath(issue) ?? 'body'}: ${issue.message}`)
}
