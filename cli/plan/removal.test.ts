import { describe, expect, test } from 'vitest'
import { environmentOf, parseProject, scriptName } from '../../shared/config.ts'
import { type WorkerName, workerNames, workerTopology } from '../../shared/topology.ts'
import type { Observed, ObservedWorker } from '../cloudflare/observe.ts'
import type { Resources } from '../project/resources-file.ts'
import { planRemoval, type RemovalInput } from './removal.ts'

const issuer = 'https://id.example.com'
const environment = environmentOf(
  parseProject({
    name: 'my-idp',
    defaultEnvironment: 'production',
    environments: { production: { issuer, accountId: 'a'.repeat(32), zone: 'example.com' } },
  }),
)
const resources: Resources = {
  version: 1,
  account: { id: 'a'.repeat(32), name: 'Example' },
  zone: { id: 'z', name: 'example.com' },
  host: 'custom-domain',
  kv: {
    CLIENTS: { id: 'k1', previewId: 'k2' },
    AUTH_CODES: { id: 'k3', previewId: 'k4' },
    REFRESH_TOKENS: { id: 'k5', previewId: 'k6' },
  },
  database: { name: 'authrim-production', id: 'd1' },
  bootstrapOperatorKey: { kty: 'OKP', crv: 'Ed25519', x: 'x' },
}
const titles = ['CLIENTS', 'AUTH_CODES', 'REFRESH_TOKENS'].flatMap((name) => [
  `authrim-production-${name}`,
  `authrim-production-${name}-preview`,
])

function observedWorker(worker: WorkerName, says = issuer): ObservedWorker {
  const script = scriptName('production', worker)
  return {
    worker,
    script,
    deployment: { id: worker, createdOn: '', message: '', versions: [] },
    live: [
      {
        id: 'v',
        number: 1,
        createdOn: '',
        tag: '',
        message: '',
        bindings: [{ type: 'plain_text', name: 'ISSUER_URL', text: says }],
        etag: '',
        compatibilityDate: '',
        compatibilityFlags: [],
        migrationTag: undefined,
        percentage: 100,
      },
    ],
    candidate: undefined,
    versions: [],
    schedules: [],
    migrationTag: undefined,
  }
}

const observed: Observed = {
  namespaces: [...titles.map((name, i) => ({ id: `k${i + 1}`, name })), { id: 'k9', name: 'authrim-production-OTHER' }],
  databases: [
    { id: 'd1', name: 'authrim-production' },
    { id: 'd2', name: 'authrim-production-copy' },
  ],
  migrations: [],
  workers: workerNames.map((worker) => observedWorker(worker)),
  routes: [
    { id: 'r1', pattern: 'id.example.com/token*', script: 'authrim-op-token' },
    { id: 'r2', pattern: 'id.example.com/shop*', script: 'shop' },
  ],
  domains: [{ id: 'h1', hostname: 'id.example.com', script: 'authrim-op-discovery' }],
}

const plan = (given: Partial<RemovalInput> = {}) =>
  planRemoval({ environment, release: '1.0.0', resources, observed, references: new Map(), keepData: false, ...given })
const shown = (steps: ReturnType<typeof plan>['steps']) => steps.map(({ kind, target }) => `${kind} ${target}`)

/** Every Worker, those of the last stage first and the object host last. */
const lastFirst = workerNames
  .toSorted((a, b) => workerTopology(b).stage - workerTopology(a).stage)
  .map((worker) => `worker ${worker}`)

describe('what destroy removes', () => {
  test('is what leads to the Workers, these from the last stage to the object host, then the data', () => {
    const { steps, kept, users } = plan()
    expect(shown(steps)).toEqual([
      'route id.example.com/token*',
      'domain id.example.com',
      ...lastFirst,
      'database authrim-production',
      ...titles.map((title) => `namespace ${title}`),
      'files environments/production',
    ])
    expect([kept, users]).toEqual([[], []])
  })

  test('with --keep-data leaves the data, and the Worker whose objects are data', () => {
    const { steps, kept } = plan({ keepData: true })
    expect(shown(steps)).toEqual(['route id.example.com/token*', 'domain id.example.com', ...lastFirst.slice(0, -1)])
    expect(kept.map(({ what }) => what)).toContain('Worker authrim-op-discovery')
    expect(kept).toHaveLength(8)
  })

  test('is no script of our name that says another issuer, nor what leads to it', () => {
    const workers = [observedWorker('op-token', 'https://id.example.org'), observedWorker('op-auth')]
    const { steps, kept } = plan({ observed: { ...observed, workers } })
    expect(shown(steps).filter((step) => /worker|route|domain/.test(step))).toEqual(['worker op-auth'])
    expect(kept).toEqual([{ what: 'Worker authrim-op-token', why: `it does not say the issuer ${issuer}` }])
  })

  test('is no database or namespace that resources.json and the account call differently', () => {
    const renamed = { ...observed, databases: [{ id: 'd1', name: 'shop' }], namespaces: [{ id: 'k1', name: 'shop' }] }
    const { steps, kept } = plan({ observed: renamed })
    expect(shown(steps).filter((step) => /database|namespace/.test(step))).toEqual([])
    expect(kept.map(({ what }) => what)).toEqual(['database shop (d1)', 'namespace shop (k1)'])
  })

  test('waits for Workers of others that are bound to it', () => {
    const references = new Map([['authrim-op-discovery', ['authrim-op-token', 'shop']]])
    expect(plan({ references }).users).toEqual([{ script: 'shop', boundTo: 'authrim-op-discovery' }])
  })

  test('is what is left of an earlier run', () => {
    const rest = { ...observed, workers: [], databases: [], routes: [], domains: [] }
    expect(shown(plan({ observed: rest }).steps)).toEqual([
      ...titles.map((title) => `namespace ${title}`),
      'files environments/production',
    ])
  })
})
