/** Longest answer read from a party, unless its documents are larger by nature. Bytes. */
const maximumAnswer = 65_536

/** Milliseconds for the whole exchange. */
const patience = 5000

/** Names that never lead to a party on the public internet (RFC 6761, RFC 6762, RFC 8375). */
const specialUse = /(^|\.)(localhost|local|internal|test|example|invalid|onion|home\.arpa|lan)$/

/**
 * Whether an address that a client or partner registered may be fetched: https on 443, a public host name, not our
 * own. In a local environment http on loopback is accepted as well. A Worker cannot check the address after
 * resolution, so the compatibility flag `global_fetch_strictly_public` does that part.
 */
export function isFetchable(address: string, issuer: string, local: boolean): boolean {
  if (!URL.canParse(address)) return false
  const url = new URL(address)
  if (url.username !== '' || url.password !== '') return false
  if (local && url.protocol === 'http:' && isLoopback(url.hostname)) return true
  const host = url.hostname.replace(/\.$/, '')
  return (
    url.protocol === 'https:' &&
    url.port === '' &&
    host.includes('.') &&
    !/^[\d.]+$|^\[/.test(host) &&
    !specialUse.test(host) &&
    host !== new URL(issuer).hostname
  )
}

export function isLoopback(hostname: string): boolean {
  return hostname === '127.0.0.1' || hostname === '[::1]' || hostname === 'localhost'
}

/** An address that may not be fetched, or a redirect that is not followed: trying again would change nothing. */
export class RefusedFetch extends Error {}

/** The one place from which a Worker fetches what others named: no redirects, 5 s, a limited answer. */
export class Outbound {
  readonly #issuer: string
  readonly #local: boolean
  readonly #largest: number

  /** @param largest bytes of an answer. */
  constructor(issuer: string, local: boolean, largest: number = maximumAnswer) {
    this.#issuer = issuer
    this.#local = local
    this.#largest = largest
  }

  /**
   * Fetches an address; fits where a library takes a `fetch`.
   * @throws Error naming what was refused.
   */
  readonly fetch = async (address: string | URL, init: RequestInit = {}): Promise<Response> => {
    const target = String(address)
    if (!isFetchable(target, this.#issuer, this.#local)) throw new RefusedFetch(`refused to fetch ${target}`)
    const response = await fetch(target, { ...init, redirect: 'manual', signal: AbortSignal.timeout(patience) })
    if (response.status >= 300 && response.status < 400) {
      await response.body?.cancel()
      throw new RefusedFetch(`${target} answered a redirect, which is not followed`)
    }
    const body = await limited(response, this.#largest)
    // A 204 may have no body at all, not even an empty one.
    return new Response(body.byteLength > 0 ? body : null, { status: response.status, headers: response.headers })
  }
}

async function limited(response: Response, largest: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  if (response.body)
    for await (const chunk of response.body) {
      bytes += chunk.byteLength
      if (bytes > largest) throw new Error('the answer is too large')
      chunks.push(chunk)
    }
  const whole = new Uint8Array(bytes)
  let offset = 0
  for (const chunk of chunks) {
    whole.set(chunk, offset)
    offset += chunk.byteLength
  }
  return whole
}
