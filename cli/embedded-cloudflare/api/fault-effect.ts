import type { ServerResponse } from 'node:http'
import { failure } from './answer.ts'
import type { FaultKind } from './fault.ts'

/** Carries out a fault that takes the place of the answer; true when it did. */
export function answerWithFault(fault: FaultKind | undefined, response: ServerResponse): boolean {
  switch (fault?.type) {
    case 'status':
      response.writeHead(fault.status, {
        'content-type': 'application/json',
        ...(fault.retryAfter !== undefined && { 'retry-after': String(fault.retryAfter) }),
      })
      response.end(failure(fault.code ?? codeOf(fault.status), messageOf(fault.status)))
      return true
    case 'html':
      response.writeHead(fault.status ?? 200, { 'content-type': 'text/html; charset=UTF-8' })
      response.end('<!DOCTYPE html>\n<html><head><title>Error</title></head><body><h1>Bad gateway</h1></body></html>\n')
      return true
    case 'hang':
      return true
    case 'close':
      response.socket?.destroy()
      return true
    default:
      return false
  }
}

/** Sends an answer, or as much of it as the fault lets through. */
export function sendWithFault(
  fault: FaultKind | undefined,
  response: ServerResponse,
  { status, headers, body }: { status: number; headers: Record<string, string>; body: string | Uint8Array },
): void {
  if (fault?.type === 'commit-then-close') return void response.socket?.destroy()
  const bytes = Buffer.from(body)
  response.writeHead(status, { ...headers, 'content-length': bytes.byteLength })
  if (fault?.type !== 'close-mid-body') return void response.end(bytes)
  response.write(bytes.subarray(0, Math.ceil(bytes.byteLength / 2)), () => response.socket?.destroy())
}

function codeOf(status: number): number {
  if (status === 401 || status === 403) return 10000
  return status === 429 ? 10429 : 10001
}

function messageOf(status: number): string {
  if (status === 401 || status === 403) return 'Authentication error'
  if (status === 429) return 'Rate limited. Please wait and consider throttling your request speed'
  return 'An internal error prevented the operation from completing.'
}
