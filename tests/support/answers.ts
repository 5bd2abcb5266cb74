import { expect } from 'vitest'

/** The JSON object of an answer. */
export async function bodyOf(response: Response): Promise<Record<string, unknown>> {
  const body: Record<string, unknown> = await response.json()
  return body
}

/** A refusal of RFC 6749 §5.2: its status, its code, and nothing that a cache, a log or a header could not bear. */
export async function expectError(response: Response, status: number, code: string): Promise<void> {
  const body = await bodyOf(response)
  expect({ status: response.status, error: body['error'] }).toEqual({ status, error: code })
  expect(body['error_description']).toMatch(/^[\x20-\x21\x23-\x5b\x5d-\x7e]+$/)
  expect(Object.keys(body).toSorted((a, b) => a.localeCompare(b))).toEqual(['error', 'error_description'])
  expect(response.headers.get('cache-control')).toContain('no-store')
  expect(response.headers.get('content-type')).toContain('application/json')
}
