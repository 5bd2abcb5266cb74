import { describe, expect, test } from 'vitest'
import type { ObservedWorker } from '../cloudflare/observe.ts'
import { ago } from './lines.ts'
import { workerStatus } from './status.ts'

const version = {
  id: 'v1',
  number: 1,
  createdOn: '2026-11-01T00:00:00Z',
  tag: '1.2.0-0123456789',
  message: '',
  bindings: [],
  etag: '',
  compatibilityDate: '',
  compatibilityFlags: [],
  migrationTag: undefined,
}
const found: ObservedWorker = {
  worker: 'op-token',
  script: 'authrim-op-token',
  deployment: { id: 'd', createdOn: '2026-11-02T00:00:00Z', message: '', versions: [] },
  live: [{ ...version, percentage: 90 }],
  candidate: undefined,
  versions: [],
  schedules: [],
  migrationTag: undefined,
}
const measured = {
  script: 'authrim-op-token',
  requests: 300,
  errors: 1,
  cpuMs: { p50: 1, p99: 2 },
  wallMs: { p50: 3, p99: 4 },
  outOfMemory: 0,
}
const worker = { worker: 'op-token' } as const

describe('the status of a Worker', () => {
  test('has the version with the greatest share and its measures', () => {
    expect(workerStatus(worker, { found, metrics: measured, healthy: true })).toEqual({
      worker: 'op-token',
      release: '1.2.0',
      versionId: 'v1',
      share: 90,
      healthy: true,
      requests: 300,
      errorRate: 0.0033,
      cpuMs: { p50: 1, p99: 2 },
      wallMs: { p50: 3, p99: 4 },
      outOfMemory: 0,
      deployedAt: '2026-11-02T00:00:00Z',
    })
  })

  test('without requests has none, and without the right to know says nothing', () => {
    const silent = { requests: 0, errorRate: 0, cpuMs: null, outOfMemory: 0 }
    expect(workerStatus(worker, { found, metrics: 'none', healthy: true })).toMatchObject(silent)
    const unknown = { requests: null, errorRate: null, cpuMs: null, outOfMemory: null }
    expect(workerStatus(worker, { found, metrics: undefined, healthy: true })).toMatchObject(unknown)
  })

  test('that is not deployed is not healthy, whoever answers in its place', () => {
    const missing = { release: null, versionId: null, share: 0, healthy: false, deployedAt: null }
    expect(workerStatus(worker, { found: undefined, metrics: 'none', healthy: true })).toMatchObject(missing)
  })
})

test('ago is said in the largest unit', () => {
  const now = Date.parse('2026-11-10T00:00:00Z')
  expect(ago('2026-11-08T00:00:00Z', now)).toBe('2 d ago')
  expect(ago('2026-11-09T21:30:00Z', now)).toBe('2 h ago')
  expect(ago('2026-11-09T23:58:30Z', now)).toBe('1 min ago')
  expect(ago('2026-11-10T00:00:30Z', now)).toBe('0 s ago')
})
