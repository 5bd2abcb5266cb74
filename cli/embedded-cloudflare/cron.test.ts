import { expect, test } from 'vitest'
import { isCron, isDue } from './cron.ts'

const at = (time: string) => new Date(`2026-11-${time}:30Z`)

test('what Cloudflare takes for a schedule, and what it does not', () => {
  for (const text of ['23 * * * *', '*/5 0 * * *', '0,30 1-5 * * *', '0 0 1 1 1', '0 9-17/2 * * 2-6'])
    expect([text, isCron(text)]).toEqual([text, true])
  for (const text of [
    '',
    '* * * *',
    '60 * * * *',
    '* 24 * * *',
    '* * 0 * *',
    '*/0 * * * *',
    '5-1 * * * *',
    'x * * * *',
  ])
    expect([text, isCron(text)]).toEqual([text, false])
})

test('a schedule is due in its minutes, in UTC, and in no other', () => {
  expect(isDue('23 * * * *', at('25T03:23'))).toBe(true)
  expect(isDue('23 * * * *', at('25T03:24'))).toBe(false)
  expect(isDue('*/20 3 * * *', at('25T03:40'))).toBe(true)
  expect(isDue('*/20 3 * * *', at('25T04:40'))).toBe(false)
  expect(isDue('0-10,50 * * * *', at('25T03:50'))).toBe(true)
})

test('1 is Sunday, and of day and weekday either is enough', () => {
  expect(isDue('0 0 * * 1', at('22T00:00'))).toBe(true)
  expect(isDue('0 0 * * 1', at('23T00:00'))).toBe(false)
  expect(isDue('0 0 25 * 1', at('25T00:00'))).toBe(true)
  expect(isDue('0 0 25 * 1', at('22T00:00'))).toBe(true)
  expect(isDue('0 0 25 * 1', at('24T00:00'))).toBe(false)
})
