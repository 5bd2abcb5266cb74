import { describe, expect, test } from 'vitest'
import type { Observed, ObservedWorker } from '../cloudflare/observe.ts'
import type { Binding, Version } from '../cloudflare/scripts.ts'
import type { Resources } from '../project/resources-file.ts'
import { planDeployment } from './deployment.ts'
import { databaseName, namespaceTitles, parseVersionTag, versionTag } from './names.ts'
import { formerVersionId, planRollback } from './rollback.ts'
import type { Wanted, WantedWorker } from './wanted.ts'

const hex = (digit: string) => digit.repeat(32)
const database = { name: databaseName('production'), id: '00000000-0000-4000-8000-000000000000' }
const resources: Resources = {
  version: 1,
  account: { id: hex('a'), name: 'Example' },
  zone: { id: hex('b'), name: 'example.com' },
  host: 'custom-domain',
  kv: {
    CLIENTS: { id: hex('1'), previewId: hex('2') },
    AUTH_CODES: { id: hex('3'), previewId: hex('4') },
    REFRESH_TOKENS: { id: hex('5'), previewId: hex('6') },
  },
  database,
  bootstrapOperatorKey: { kty: 'OKP', crv: 'Ed25519', x: 'x'.repeat(43) },
}

const text = (name: string, value: string): Binding => ({ type: 'plain_text', name, text: value })
const secret: Binding = { type: 'secret_text', name: 'AUTHRIM_SECRET' }
const tag = (digit: string) => versionTag('1.0.0', digit.repeat(64))

const discovery: WantedWorker = {
  worker: 'op-discovery',
  script: 'authrim-op-discovery',
  stage: 1,
  tag: tag('d'),
  bindings: [text('ISSUER_URL', 'https://id.example.com')],
  compatibilityDate: '2026-11-01',
  compatibilityFlags: ['nodejs_compat'],
  migrationTag: 'v1',
  migrations: [{ tag: 'v1', steps: {} }],
  secrets: ['AUTHRIM_SECRET'],
  routes: [],
  schedules: [],
  domain: 'id.example.com',
}
const token: WantedWorker = {
  ...discovery,
  worker: 'op-token',
  script: 'authrim-op-token',
  stage: 3,
  tag: tag('e'),
  migrationTag: undefined,
  secrets: [],
  routes: ['id.example.com/token*'],
  domain: undefined,
}
const wanted: Wanted = {
  environment: 'production',
  release: '1.0.0',
  resources,
  migrations: ['0001_first.sql', '0002_second.sql'],
  workers: [discovery, token],
}

function version(worker: WantedWorker, change: Partial<Version> = {}): Version {
  return {
    id: `${worker.worker}-1`,
    number: 1,
    createdOn: '2026-11-01T00:00:00Z',
    tag: worker.tag,
    message: '',
    etag: '',
    bindings: [...worker.bindings, ...(worker.secrets.length > 0 ? [secret] : [])],
    compatibilityDate: worker.compatibilityDate,
    compatibilityFlags: worker.compatibilityFlags,
    migrationTag: worker.migrationTag,
    ...change,
  }
}

function observedWorker(
  worker: WantedWorker,
  live: Version[] = [version(worker)],
  shares = [100],
  candidate?: Version,
): ObservedWorker {
  return {
    worker: worker.worker,
    script: worker.script,
    deployment: {
      id: 'd1',
      createdOn: '',
      message: '',
      versions: live.map(({ id }, i) => ({ id, percentage: shares[i] ?? 0 })),
    },
    live: live.map((one, i) => ({ ...one, percentage: shares[i] ?? 0 })),
    candidate,
    versions: live,
    schedules: [],
    migrationTag: live[0]?.migrationTag,
  }
}

function observed(change: Partial<Observed> = {}): Observed {
  const names = ['CLIENTS', 'AUTH_CODES', 'REFRESH_TOKENS'] as const
  return {
    namespaces: names.map((name) => ({ id: resources.kv[name].id, name: namespaceTitles('production', name).id })),
    databases: [database],
    migrations: [...wanted.migrations],
    workers: [observedWorker(discovery), observedWorker(token)],
    routes: [{ id: 'r1', pattern: 'id.example.com/token*', script: token.script }],
    domains: [{ id: 'd1', hostname: 'id.example.com', script: discovery.script }],
    ...change,
  }
}

const plan = (seen: Observed, options: Partial<Parameters<typeof planDeployment>[2]> = {}) =>
  planDeployment(wanted, seen, { only: [], files: [], force: false, ...options })
const changesOf = (seen: Observed) => plan(seen).steps.flatMap((step) => (step.kind === 'stage' ? step.workers : []))

describe('a deployment', () => {
  test('is empty when everything is as it should be', () => {
    expect(plan(observed())).toMatchObject({ steps: [], problems: [], unchanged: ['op-discovery', 'op-token'] })
  })

  test('of nothing is migrations, then each stage in order', () => {
    const steps = plan(observed({ workers: [], routes: [], domains: [], migrations: [] })).steps
    expect(steps.map(({ kind, target }) => `${kind} ${target}`)).toEqual([
      'migrations authrim-production',
      'stage op-discovery',
      'stage op-token',
    ])
    expect(steps[1]).toMatchObject({
      workers: [{ rollout: 'create', secrets: ['AUTHRIM_SECRET'], domain: 'id.example.com', from: null }],
    })
    expect(steps[2]).toMatchObject({
      workers: [{ rollout: 'create', secrets: [], addRoutes: ['id.example.com/token*'] }],
    })
  })

  test('applies the migrations that are missing and no others', () => {
    expect(plan(observed({ migrations: ['0001_first.sql'] })).steps).toEqual([
      expect.objectContaining({ kind: 'migrations', files: ['0002_second.sql'] }),
    ])
  })

  test('uploads a changed bundle, checks it and shifts; the objects’ Worker goes at once', () => {
    const older = (worker: WantedWorker) => observedWorker(worker, [version(worker, { tag: tag('0') })])
    expect(changesOf(observed({ workers: [older(discovery), older(token)] }))).toEqual([
      expect.objectContaining({ worker: 'op-discovery', rollout: 'straight', secrets: [] }),
      expect.objectContaining({
        worker: 'op-token',
        rollout: 'gradual',
        uploaded: null,
        from: { versionId: 'op-token-1', release: '1.0.0' },
        changes: ['~ code 0000000000 → eeeeeeeeee'],
      }),
    ])
  })

  test('--only leaves the others alone', () => {
    const seen = observed({
      workers: [observedWorker(discovery, [version(discovery, { tag: tag('0') })]), observedWorker(token)],
    })
    expect(plan(seen, { only: ['op-token'] })).toMatchObject({ steps: [], unchanged: ['op-token'] })
  })

  test('a Durable Object migration takes the deploy path', () => {
    const older = observedWorker(discovery, [version(discovery, { migrationTag: 'v0', tag: tag('0') })])
    expect(changesOf(observed({ workers: [older, observedWorker(token)] }))).toEqual([
      expect.objectContaining({ worker: 'op-discovery', rollout: 'replace' }),
    ])
  })

  test('a version that was uploaded and not deployed is taken (F2)', () => {
    const older = version(token, { tag: tag('0') })
    const seen = observed({
      workers: [observedWorker(discovery), observedWorker(token, [older], [100], version(token, { id: 'new' }))],
    })
    expect(changesOf(seen)).toEqual([expect.objectContaining({ uploaded: 'new' })])
  })

  test('but not when it is bound to something else', () => {
    const older = version(token, { tag: tag('0') })
    const other = version(token, { id: 'new', bindings: [text('ISSUER_URL', 'https://other.example')] })
    const seen = observed({ workers: [observedWorker(discovery), observedWorker(token, [older], [100], other)] })
    expect(changesOf(seen)).toEqual([expect.objectContaining({ uploaded: null })])
  })

  test('a rollout that was cut off goes on (F1)', () => {
    const [older, newer] = [version(token, { tag: tag('0'), id: 'old' }), version(token, { id: 'new' })]
    const seen = observed({ workers: [observedWorker(discovery), observedWorker(token, [older, newer], [90, 10])] })
    expect(changesOf(seen)).toEqual([
      expect.objectContaining({
        rollout: 'gradual',
        uploaded: 'new',
        from: expect.objectContaining({ versionId: 'old' }),
      }),
    ])
  })

  test('fault F19 shows bindings that are gone, changed or too many', () => {
    const drifted = version(token, { bindings: [text('ISSUER_URL', 'https://evil.example'), text('EXTRA', '1')] })
    expect(
      changesOf(observed({ workers: [observedWorker(discovery), observedWorker(token, [drifted])] }))[0]?.changes,
    ).toEqual(['~ plain_text ISSUER_URL https://evil.example → https://id.example.com', '- plain_text EXTRA 1'])
    const bare = version(token, { bindings: [] })
    expect(
      changesOf(observed({ workers: [observedWorker(discovery), observedWorker(token, [bare])] }))[0]?.changes,
    ).toEqual(['+ plain_text ISSUER_URL https://id.example.com'])
  })

  test('routes of ours that are not wanted go; missing ones come, without a new version', () => {
    const seen = observed({ routes: [{ id: 'r2', pattern: 'old.example.com/token*', script: token.script }] })
    expect(changesOf(seen)).toEqual([
      expect.objectContaining({
        rollout: 'routes',
        addRoutes: ['id.example.com/token*'],
        removeRoutes: [expect.objectContaining({ id: 'r2' })],
      }),
    ])
  })

  test('schedules that differ are set, without a new version; those that are right are left', () => {
    const hourly: WantedWorker = { ...token, schedules: ['23 * * * *'] }
    const planned = (schedules: string[]) => {
      const seen = observed({ workers: [observedWorker(discovery), { ...observedWorker(hourly), schedules }] })
      return planDeployment({ ...wanted, workers: [discovery, hourly] }, seen, { only: [], files: [], force: false })
    }
    expect(planned(['23 * * * *']).steps).toEqual([])
    expect(planned(['0 0 * * *']).steps).toMatchObject([
      { workers: [{ rollout: 'routes', schedules: ['23 * * * *'], changes: ['~ runs by itself at 23 * * * *'] }] },
    ])
  })
})

describe('a plan is refused', () => {
  test('when a route or the host is another Worker’s', () => {
    const routes = [{ id: 'r1', pattern: 'id.example.com/token*', script: 'shop' }]
    const domains = [{ id: 'd1', hostname: 'id.example.com', script: 'shop' }]
    expect(plan(observed({ routes, domains })).problems.map(({ message }) => message)).toEqual([
      'The host id.example.com is a custom domain of another Worker, shop.',
      'The route id.example.com/token* belongs to another Worker, shop.',
    ])
  })

  test('attack K2 when resources.json names what the account has not, or what is not authrim’s', () => {
    const [first, ...rest] = observed().namespaces
    expect(plan(observed({ namespaces: rest })).problems).toHaveLength(1)
    const renamed = [{ id: first?.id ?? '', name: 'somebody-elses' }, ...rest]
    expect(plan(observed({ namespaces: renamed })).problems[0]?.message).toContain('somebody-elses')
    expect(plan(observed({ databases: [] })).problems).toHaveLength(1)
  })

  test('fault F13 when the secret under which keys are sealed is gone, unless forced', () => {
    const bare = observedWorker(discovery, [version(discovery, { bindings: [...discovery.bindings] })])
    const seen = observed({ workers: [bare, observedWorker(token)] })
    expect(plan(seen).problems[0]?.message).toContain('AUTHRIM_SECRET')
    expect(plan(seen, { force: true })).toMatchObject({
      problems: [],
      steps: [{ workers: [{ secrets: ['AUTHRIM_SECRET'] }] }],
    })
  })

  test('when a Worker comes before the one that holds the objects', () => {
    expect(plan(observed({ workers: [] }), { only: ['op-token'] }).problems[0]?.message).toContain('op-discovery')
  })
})

describe('a rollback', () => {
  const rollback = (target: Version, live = version(discovery, { id: 'new', number: 2 })) =>
    planRollback('production', '1.0.0', [
      { worker: 'op-discovery', observed: observedWorker(discovery, [live]), target },
    ])

  test('fault F10 is refused when the version lacks a secret, a class or a migration', () => {
    expect(() => rollback(version(discovery, { bindings: [] }))).toThrow('lacks the secret AUTHRIM_SECRET')
    expect(() => rollback(version(discovery, { migrationTag: 'v0' }))).toThrow('before the Durable Object migration v1')
    const withClass = version(discovery, {
      id: 'new',
      bindings: [secret, { type: 'durable_object_namespace', name: 'THROTTLE', class_name: 'Throttle' }],
    })
    expect(() => rollback(version(discovery), withClass)).toThrow('lacks the Durable Object class Throttle')
  })

  test('of several Workers puts the one with the objects back last', () => {
    const candidates = [discovery, token].map((worker) => ({
      worker: worker.worker,
      observed: observedWorker(worker, [version(worker, { id: 'new', number: 2 })]),
      target: version(worker),
    }))
    expect(planRollback('production', '1.0.0', candidates).steps.map(({ target }) => target)).toEqual([
      'op-token',
      'op-discovery',
    ])
  })

  test('goes to what served before, and further back the next time', () => {
    const versions = [1, 2, 3].map((number) => version(token, { id: `v${number}`, number }))
    const full = (id: string) => ({ id: '', createdOn: '', message: '', versions: [{ id, percentage: 100 }] })
    const at = (id: string) => ({ ...observedWorker(token), deployment: full(id), versions })
    expect(formerVersionId(at('v3'), [full('v3'), full('v2'), full('v1')])).toBe('v2')
    expect(formerVersionId(at('v2'), [full('v2'), full('v3'), full('v2'), full('v1')])).toBe('v1')
    expect(formerVersionId(at('v1'), [full('v1'), full('v2')])).toBeUndefined()
  })
})

test('a version’s tag says release and bundle, within the 25 characters that Cloudflare keeps', () => {
  expect(parseVersionTag(versionTag('1.10.3-rc.1', 'ab'.repeat(32)))).toEqual({
    release: '1.10.3-rc.1',
    digest: 'ababababab',
  })
  expect(versionTag('10.10.10', 'ab'.repeat(32)).length).toBeLessThanOrEqual(25)
  expect(parseVersionTag('v1')).toBeUndefined()
})
