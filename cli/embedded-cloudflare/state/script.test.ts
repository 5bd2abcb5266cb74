import { expect, test } from 'vitest'
import { forgetOldVersions, type Script, type Version } from './script.ts'

const version = (number: number): Version => ({
  id: `v${number}`,
  number,
  createdOn: '2026-11-25T00:00:00Z',
  source: 'wrangler',
  annotations: {},
  mainModule: 'index.js',
  modules: [],
  bindings: [],
  compatibilityDate: '2026-11-01',
  compatibilityFlags: [],
  handlers: ['fetch'],
  entrypoints: [],
  objectClasses: [],
  etag: '',
  startupTimeMs: 1,
})

const deployment = (id: string) => ({
  id: `of ${id}`,
  createdOn: '2026-11-25T00:00:00Z',
  source: 'wrangler',
  annotations: {},
  versions: [{ version_id: id, percentage: 100 }],
})

test('the newest hundred versions stay, and an older one that serves', () => {
  const script: Script = {
    name: 'worker',
    tag: 't',
    createdOn: '2026-11-25T00:00:00Z',
    modifiedOn: '2026-11-25T00:00:00Z',
    versions: Array.from({ length: 150 }, (_, index) => version(index + 1)),
    // Newest first: somebody went back to version 7.
    deployments: [deployment('v7'), ...Array.from({ length: 150 }, (_, index) => deployment(`v${150 - index}`))],
    subdomain: { enabled: false, previews_enabled: false },
    classes: {},
    tags: [],
    logpush: false,
    schedules: [],
  }
  forgetOldVersions(script)
  expect(script.versions.map(({ number }) => number)).toEqual([7, ...Array.from({ length: 100 }, (_, i) => i + 51)])
  expect(script.deployments).toHaveLength(100)
  expect(script.deployments[0]?.id).toBe('of v7')
})
