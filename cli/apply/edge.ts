import { request as httpRequest } from 'node:http'

export interface EdgeRequest {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
}

export interface EdgeAnswer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
}

/** Requests to an issuer as its clients send them: over the internet, or to the edge of an embedded Cloudflare. */
export class Edge {
  readonly issuer: string
  /** Where an embedded Cloudflare's edge listens; undefined for the internet. */
  readonly origin: string | undefined

  constructor(issuer: string, edgeOrigin?: string) {
    this.issuer = issuer
    this.origin = edgeOrigin
  }

  async request(path: string, { method = 'GET', headers = {}, body }: EdgeRequest = {}): Promise<EdgeAnswer> {
    if (this.origin !== undefined)
      return viaHost(this.origin, this.issuer, path, { method, headers, ...(body !== undefined && { body }) })
    const response = await fetch(this.issuer + path, {
      method,
      headers,
      ...(body !== undefined && { body }),
      redirect: 'manual',
      signal: AbortSignal.timeout(10_000),
    })
    return { status: response.status, headers: response.headers, text: await response.text() }
  }
}

/** fetch() does not let a Host header be set, and the issuer's name need not lead here. */
function viaHost(
  origin: string,
  issuer: string,
  path: string,
  { method, headers, body }: EdgeRequest,
): Promise<EdgeAnswer> {
  const { hostname, port } = new URL(origin)
  return new Promise((resolve, reject) => {
    const sent = httpRequest(
      {
        hostname: hostname === 'localhost' ? '127.0.0.1' : hostname,
        port,
        path,
        method,
        headers: {
          ...headers,
          host: new URL(issuer).host,
          ...(body !== undefined && { 'content-length': Buffer.byteLength(body) }),
        },
        timeout: 10_000,
        agent: false,
      },
      (response) => {
        let text = ''
        response.setEncoding('utf8').on('data', (part: string) => (text += part))
        response.once('error', reject)
        response.once('end', () => {
          const received = Object.entries(response.headers).flatMap(([name, value]) =>
            value === undefined ? [] : [[name, Array.isArray(value) ? value.join(', ') : value] as [string, string]],
          )
          resolve({ status: response.statusCode ?? 0, headers: new Headers(received), text })
        })
      },
    )
    sent.once('timeout', () => sent.destroy(new Error('no answer in time')))
    sent.once('error', reject)
    sent.end(body)
  })
}
