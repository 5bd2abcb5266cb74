import { invalidRequest, OAuthError } from '../../shared/protocol/error.ts'

/** A message in an address inflates to no more than this. Bytes. */
const maximumMessage = 131_072

/**
 * Raw DEFLATE of the Redirect binding (Bindings §3.4.4.1), stopped at the limit and not after it.
 * @throws OAuthError invalid_request, payload_too_large
 */
export async function inflate(octets: Uint8Array, limit = maximumMessage): Promise<Uint8Array> {
  const reader = new Blob([octets]).stream().pipeThrough(new DecompressionStream('deflate-raw')).getReader()
  const chunks: Uint8Array[] = []
  let length = 0
  try {
    for (let read = await reader.read(); !read.done; read = await reader.read()) {
      length += read.value.byteLength
      if (length > limit) throw new OAuthError('payload_too_large', 'the message is too large')
      chunks.push(read.value)
    }
  } catch (error) {
    void reader.cancel().catch(() => undefined)
    throw error instanceof OAuthError ? error : invalidRequest('the message does not inflate', error)
  }
  const whole = new Uint8Array(length)
  let offset = 0
  for (const chunk of chunks) {
    whole.set(chunk, offset)
    offset += chunk.byteLength
  }
  return whole
}

/** The opposite, for messages of ours. */
export async function deflate(text: string): Promise<Uint8Array> {
  const stream = new Blob([text]).stream().pipeThrough(new CompressionStream('deflate-raw'))
  return new Uint8Array(await new Response(stream).arrayBuffer())
}
