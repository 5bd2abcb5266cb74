import { describe, expect, test } from 'vitest'
import { CliError } from '../error.ts'
import { examined, ill, judged, well } from './finding.ts'
import { nodeVersion, wranglerVersion } from './machine.ts'
import { certificateFinding, clockFinding } from './outside.ts'
import { budgetFindings, keyFindings } from './service.ts'

const now = Date.parse('2026-11-10T12:00:00Z')
const failing = (findings: readonly { name: string; ok: boolean }[]) =>
  findings.filter(({ ok }) => !ok).map(({ name }) => name)

test('Node and wrangler must be of the versions that authrim runs on', () => {
  expect(['22.12.0', '24.0.0', '26.1.0'].map((version) => nodeVersion(version).ok)).toEqual([true, true, true])
  expect(['20.19.0', '22.11.9'].map((version) => nodeVersion(version).ok)).toEqual([false, false])
  expect(
    [wranglerVersion('4.164.0'), wranglerVersion('5.0.0'), wranglerVersion(undefined)].map(({ ok }) => ok),
  ).toEqual([true, false, false])
})

test('a clock may be seconds off, as the admin API allows', () => {
  const at = (seconds: number) => clockFinding(new Date(now + seconds * 1000).toUTCString(), now)
  expect([at(0).ok, at(9).ok, at(-9).ok, at(11).ok, at(-600).ok]).toEqual([true, true, true, false, false])
  expect(at(-600).detail).toContain('600 s ahead')
  expect(clockFinding(null, now).ok).toBe(true)
})

test('a certificate is late two weeks before its end', () => {
  expect(certificateFinding('Nov 30 12:00:00 2026 GMT', now).ok).toBe(true)
  expect(certificateFinding('Nov 20 12:00:00 2026 GMT', now)).toMatchObject({
    ok: false,
    detail: 'the certificate ends in 10 days',
  })
})

describe('keys', () => {
  const key = (alg: string, state: string) => ({
    kid: `${alg}-${state}`,
    alg,
    use: 'sig',
    state,
    createdAt: null,
    signsFrom: null,
    leavesAt: null,
  })
  const all = ['ES256', 'RS256'].flatMap((alg) => [key(alg, 'current'), key(alg, 'next')])
  const schedule = (nextRotationAt: string) => ({ days: 90, nextRotationAt })

  test('each algorithm needs a current and a next one', () => {
    expect(failing(keyFindings({ keys: all, schedule: schedule('2027-01-01T00:00:00Z') }, now))).toEqual([])
    expect(failing(keyFindings({ keys: all.slice(1), schedule: undefined }, now))).toEqual(['signing keys'])
    expect(failing(keyFindings({ keys: all.slice(0, 3), schedule: undefined }, now))).toEqual(['next keys'])
    expect(failing(keyFindings({ keys: [], schedule: undefined }, now))).toEqual(['signing keys'])
  })

  test('a rotation that did not come is noticed after a day', () => {
    expect(failing(keyFindings({ keys: all, schedule: schedule('2026-11-10T00:00:00Z') }, now))).toEqual([])
    expect(failing(keyFindings({ keys: all, schedule: schedule('2026-11-08T00:00:00Z') }, now))).toEqual(['rotation'])
  })
})

test('usage is compared with the free plan; errors and memory must be few', () => {
  const worker = {
    script: 'authrim-op-token',
    requests: 50_000,
    errors: 0,
    cpuMs: { p50: 1, p99: 2 },
    wallMs: { p50: 1, p99: 1 },
    outOfMemory: 0,
  }
  const [usage] = budgetFindings([worker])
  expect(usage?.detail).toContain('50 % of the free plan’s 100,000')
  expect(failing(budgetFindings([worker]))).toEqual([])
  expect(failing(budgetFindings([{ ...worker, errors: 501, outOfMemory: 1 }]))).toEqual(['errors', 'memory'])
  expect(failing(budgetFindings([]))).toEqual([])
})

test('a check that fails as a whole says so with its own fix, or that of the failure', async () => {
  const broken = () => Promise.reject(new Error('no network'))
  expect(await examined('dns', broken, 'look')).toEqual([ill('dns', 'no network', 'look')])
  const refused = () => Promise.reject(new CliError('refused', { hint: 'add the permission' }))
  expect(await examined('token', refused, 'look')).toEqual([ill('token', 'refused', 'add the permission')])
  expect(judged('x', [], 'fine', 'fix')).toEqual(well('x', 'fine'))
  expect(judged('x', ['a', 'b'], 'fine', 'fix')).toEqual(ill('x', 'a; b', 'fix'))
})
