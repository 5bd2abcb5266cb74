import { beforeEach, describe, expect, test, vi } from 'vitest'
import { ReadyAnswers } from './ready-answers.ts'

const path = '/.well-known/jwks.json'
const ask = (url = `https://id.example${path}`, init: RequestInit = {}) => new Request(url, init)

describe('answers that are sent again', () => {
  let answers: ReadyAnswers
  beforeEach(() => {
    vi.useFakeTimers({ now: 1_000_000 })
    answers = new ReadyAnswers()
    const headers = { 'cache-control': 'public, max-age=300', etag: '"1"', 'x-request-id': 'first' }
    answers.keep(path, { body: new TextEncoder().encode('{}'), from: 1000, until: 1030 }, new Headers(headers))
    return () => vi.useRealTimers()
  })

  test('have the headers of the first, and the id of their own request', async () => {
    const answer = answers.find(ask(undefined, { headers: { 'cf-ray': 'second' } }))
    expect(await answer?.text()).toBe('{}')
    expect(answer?.headers.get('etag')).toBe('"1"')
    expect(answer?.headers.get('x-request-id')).toBe('second')
    expect(answers.find(ask())?.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/)
  })

  test('are asked for anew when their time is over, also where the clock was put back', () => {
    vi.setSystemTime(1_029_999)
    expect(answers.find(ask())).toBeDefined()
    vi.setSystemTime(1_030_000)
    expect(answers.find(ask())).toBeUndefined()
    vi.setSystemTime(999_000)
    expect(answers.find(ask())).toBeUndefined()
  })

  test('are for this path and nothing that asks for more', () => {
    expect(answers.find(ask(`https://id.example${path}?x`))).toBeUndefined()
    expect(answers.find(ask(`https://id.example${path}/`))).toBeUndefined()
    expect(answers.find(ask(`https://id.example/?${path}`))).toBeUndefined()
    expect(answers.find(ask(undefined, { method: 'HEAD' }))).toBeUndefined()
    expect(answers.find(ask(undefined, { method: 'POST' }))).toBeUndefined()
    expect(answers.find(ask(undefined, { headers: { 'if-none-match': '"1"' } }))).toBeUndefined()
  })
})
