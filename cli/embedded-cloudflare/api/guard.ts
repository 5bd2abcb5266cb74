import type { IncomingMessage } from 'node:http'

/**
 * Why a request is not from this machine's tools; undefined when it may be. A page in a browser could reach the port,
 * by its own name (DNS rebinding) or across sites, so Host must be a loopback name and no Origin may be given.
 */
export function foreignRequest({ headers, socket }: IncomingMessage): string | undefined {
  if (!isLoopbackAddress(socket.remoteAddress ?? '')) return 'only this machine may use the API'
  const host = (headers.host ?? '').replace(/:\d+$/, '')
  if (!['127.0.0.1', 'localhost', '[::1]'].includes(host)) return 'the Host header is not a loopback name'
  if (headers.origin !== undefined || headers['sec-fetch-site'] !== undefined) return 'browsers may not use the API'
  return undefined
}

function isLoopbackAddress(address: string): boolean {
  return address === '::1' || /^(::ffff:)?127\./.test(address)
}
