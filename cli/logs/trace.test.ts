import { describe, expect, test } from 'vitest'
import { logFilter } from './filter.ts'
import { readTrace } from './trace.ts'

const trace = (given: object = {}) =>
  JSON.stringify({
    outcome: 'ok',
    eventTimestamp: Date.parse('2026-11-01T10:00:00Z'),
    event: {
      request: { url: 'https://id.example.com/token?code=secret', method: 'POST', headers: { 'cf-ray': 'ray-1' } },
      response: { status: 400 },
    },
    logs: [
      {
        level: 'log',
        message: ['{"level":"info","requestId":"ray-1","error":"invalid_grant","description":"the code was used"}'],
      },
    ],
    exceptions: [],
    wallTime: 12,
    ...given,
  })

describe('a trace', () => {
  test('becomes a line with the request id and the error, and without the query', () => {
    const line = readTrace('op-token', trace())
    expect(line).toMatchObject({
      time: '2026-11-01T10:00:00.000Z',
      worker: 'op-token',
      requestId: 'ray-1',
      method: 'POST',
      path: '/token',
      status: 400,
      wallMs: 12,
      error: 'invalid_grant: the code was used',
    })
    expect(JSON.stringify(line)).not.toContain('secret')
  })

  test('takes the request id from the request where the Worker said nothing', () => {
    expect(readTrace('op-auth', trace({ logs: [] }))).toMatchObject({ requestId: 'ray-1', error: null })
  })

  test('of a call into an object is told only when it failed', () => {
    expect(readTrace('op-discovery', trace({ event: {}, logs: [] }))).toBeUndefined()
    const failed = {
      event: {},
      logs: [],
      outcome: 'exception',
      exceptions: [{ name: 'Error', message: 'no such table' }],
    }
    expect(readTrace('op-discovery', trace(failed))).toMatchObject({ path: null, exceptions: ['Error: no such table'] })
  })

  test('that is none is passed over', () => {
    for (const text of ['', 'null', '[]', '{"outcome":1}']) expect(readTrace('op-auth', text)).toBeUndefined()
  })
})

describe('the filter', () => {
  const passes = (filter: { status?: string; search?: string }, given: object = {}) => {
    const line = readTrace('op-token', trace(given))
    return line !== undefined && logFilter(filter)(line)
  }
  const failed = {
    event: { request: { url: 'https://id.example.com/token', method: 'POST' }, response: { status: 503 } },
  }

  test('tells errors of ours from refusals', () => {
    expect(passes({ status: 'error' })).toBe(false)
    expect(passes({ status: 'ok' })).toBe(true)
    expect(passes({ status: 'error' }, failed)).toBe(true)
    expect(passes({ status: 'error' }, { outcome: 'exceededMemory' })).toBe(true)
    expect(passes({ status: '4xx' })).toBe(true)
    expect(passes({ status: '400' })).toBe(true)
    expect(passes({ status: '5xx' })).toBe(false)
    expect(() => passes({ status: 'bad' })).toThrow('--status bad')
  })

  test('finds text anywhere, whatever its case, and both conditions must hold', () => {
    expect(passes({ search: 'INVALID_grant' })).toBe(true)
    expect(passes({ search: 'ray-2' })).toBe(false)
    expect(passes({ search: 'ray-1', status: '5xx' })).toBe(false)
  })
})
