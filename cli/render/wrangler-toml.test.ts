import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { parse } from 'smol-toml'
import { afterAll, describe, expect, test } from 'vitest'
import { environmentOf, parseProject } from '../../shared/config.ts'
import { keyLease, objectHost, objects, workerNames, workerTopology } from '../../shared/topology.ts'
import { anyText } from '../../tests/support/any-text.ts'
import { authrimPackage } from '../bundle/package-root.ts'
import { runWrangler } from '../cloudflare/wrangler.ts'
import { routePatterns, routes } from './routes.ts'
import { type EnvironmentResources, rateLimitNamespace, renderWranglerToml, wranglerTemplate } from './wrangler-toml.ts'

const { root } = authrimPackage()

const environment = environmentOf(
  parseProject({
    name: 'example',
    defaultEnvironment: 'production',
    environments: {
      production: {
        issuer: 'https://id.example.com',
        zone: 'example.com',
        accountId: '0123456789abcdef0123456789abcdef',
        rateLimits: { REQUEST_RATE: { limit: 7 } },
        vars: { 'op-auth': { EXTRA: 'x' } },
      },
    },
  }),
)

const kv = (digit: string) => ({ id: digit.repeat(32), previewId: `${digit.repeat(31)}f` })

const resources: EnvironmentResources = {
  kv: { CLIENTS: kv('1'), AUTH_CODES: kv('2'), REFRESH_TOKENS: kv('3') },
  database: { name: 'authrim-production', id: '00000000-0000-4000-8000-000000000000' },
}

describe.each(workerNames)('the template of %s agrees with the topology', (worker) => {
  const topology = workerTopology(worker)
  const template = parse(wranglerTemplate(worker))
  const isHost = worker === objectHost

  test('it runs by itself when the topology says, and at no other time', () => {
    expect(template['triggers']).toEqual(topology.schedules && { crons: [...topology.schedules] })
  })

  test('it has the bindings of the topology and no others', () => {
    const list = <Item>(items: readonly Item[]) => (items.length > 0 ? items : undefined)
    expect(template['kv_namespaces']).toEqual(
      list(
        topology.kv.map((binding) => ({
          binding,
          id: `{{kv.${binding}.id}}`,
          preview_id: `{{kv.${binding}.previewId}}`,
        })),
      ),
    )
    expect(template['d1_databases']).toEqual(
      topology.database
        ? [
            {
              binding: 'DB',
              database_name: '{{database.name}}',
              database_id: '{{database.id}}',
              migrations_dir: '{{migrations}}',
            },
          ]
        : undefined,
    )
    const script = isHost ? {} : { script_name: `{{script.${objectHost}}}` }
    expect(template['durable_objects']).toEqual({
      bindings: topology.objects.map((name) => ({ name: objects[name], class_name: name, ...script })),
      ...(isHost ? { code_update_strategy: { mode: 'immediate' } } : {}),
    })
    expect(template['services']).toEqual(
      list(topology.leases) && [
        {
          binding: keyLease.binding,
          service: `{{script.${objectHost}}}`,
          entrypoint: keyLease.entrypoint,
          props: { uses: [...topology.leases] },
        },
      ],
    )
    expect(template['ratelimits']).toEqual(
      list(
        topology.rateLimits.map(({ binding, limit, period }) => ({
          name: binding,
          namespace_id: `{{rateLimit.${binding}}}`,
          simple: { limit, period },
        })),
      ),
    )
    expect(template['version_metadata']).toEqual({ binding: 'VERSION' })
  })

  test('it has the variables and routes of the topology', () => {
    expect(template['vars']).toEqual(Object.fromEntries(topology.variables.map((name) => [name, `{{${name}}}`])))
    expect(template['routes']).toEqual(routes(worker, '{{host}}', '{{zone}}'))
  })

  test('it keeps the Worker off workers.dev and has nothing that is not meant', () => {
    expect(template).toMatchObject({
      name: `{{script.${worker}}}`,
      main: `{{bundles}}/${worker}.js`,
      no_bundle: true,
      upload_source_maps: false,
      compatibility_date: '2026-11-01',
      compatibility_flags: ['nodejs_compat', 'global_fetch_strictly_public'],
      workers_dev: false,
      preview_urls: false,
      observability: { enabled: true, redact_query_string: true },
    })
    const classes = isHost ? [{ tag: 'v1', new_sqlite_classes: Object.keys(objects) }] : undefined
    expect(template['migrations']).toEqual(classes)
    const known =
      'name account_id main no_bundle upload_source_maps compatibility_date compatibility_flags workers_dev preview_urls send_metrics routes triggers vars kv_namespaces d1_databases durable_objects migrations services ratelimits version_metadata observability'
    expect(known.split(' ')).toEqual(expect.arrayContaining(Object.keys(template)))
  })
})

test('every object class is hosted by the first stage', () => {
  expect([...workerTopology(objectHost).objects].toSorted()).toEqual(Object.keys(objects).toSorted())
})

describe('routes', () => {
  test('all end in *, and none is covered by another of its Worker', () => {
    expect(routePatterns('op-management', 'id.example.com')).toEqual([
      'id.example.com/register*',
      'id.example.com/introspect*',
      'id.example.com/revoke*',
      'id.example.com/admin/v1/*',
      'id.example.com/op-management/health*',
    ])
  })

  test('no two Workers claim the same pattern', () => {
    const all = workerNames.flatMap((worker) => routePatterns(worker, 'h'))
    expect(new Set(all).size).toBe(all.length)
  })
})

describe('a rendered file', () => {
  test('has the values of the environment', () => {
    const auth = parse(renderWranglerToml('op-auth', environment, resources))
    expect(auth).toMatchObject({
      name: 'authrim-op-auth',
      account_id: '0123456789abcdef0123456789abcdef',
      main: '../../../node_modules/authrim/dist/workers/op-auth.js',
      vars: { ISSUER_URL: 'https://id.example.com', CODE_EXPIRY: '60', EXTRA: 'x' },
      services: [{ service: 'authrim-op-discovery' }],
      ratelimits: [{ name: 'PASSWORD_RATE' }, { name: 'REQUEST_RATE', simple: { limit: 7, period: 60 } }],
    })
    expect(auth['routes']).toContainEqual({ pattern: 'id.example.com/authorize*', zone_name: 'example.com' })
    expect(parse(renderWranglerToml('op-discovery', environment, resources))['routes']).toEqual([
      { pattern: 'id.example.com', custom_domain: true },
    ])
  })

  test('has no routes without a zone and no account without one', () => {
    const { zone: _zone, accountId: _account, ...bare } = environment
    const table = parse(renderWranglerToml('op-auth', bare, resources))
    expect(table).not.toHaveProperty('routes')
    expect(table).not.toHaveProperty('account_id')
  })

  test('counts rates apart in each environment', () => {
    expect(rateLimitNamespace('staging', 'REQUEST_RATE')).not.toBe(rateLimitNamespace('production', 'REQUEST_RATE'))
    expect(rateLimitNamespace('production', 'REQUEST_RATE')).toMatch(/^[1-9]\d*$/)
  })

  test('gives back any value as it was, and grows no member by it', () => {
    const nasty = fc.oneof(
      anyText,
      fc.constantFrom('"\n[vars]\nX = "1', '"""', "'''", '\\', '\u0000', '{{host}}', '$&', '\u2028', '\r\n# '),
    )
    const usual = parse(renderWranglerToml('op-auth', environment, resources))
    fc.assert(
      fc.property(nasty, nasty, nasty, (name, id, extra) => {
        const hostile = {
          ...environment,
          branding: { ...environment.branding, name },
          vars: { 'op-auth': { EXTRA: extra } },
        }
        const text = renderWranglerToml('op-auth', hostile, { ...resources, database: { name, id } })
        const table = parse(text)
        expect(table).toEqual({
          ...usual,
          vars: { ...Object(usual['vars']), BRANDING: JSON.stringify(hostile.branding), EXTRA: extra },
          d1_databases: [expect.objectContaining({ binding: 'DB', database_name: name, database_id: id })],
        })
      }),
    )
  })
})

describe('wrangler deploy --dry-run', () => {
  const folder = mkdtempSync(join(tmpdir(), 'authrim-dry-run-'))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  // vitest.config.ts lets two run at once.
  test.concurrent.each(workerNames)('accepts %s', { timeout: 60_000 }, async (worker) => {
    const bundles = join(root, 'dist/workers')
    const stand = join(folder, 'bundles')
    mkdirSync(stand, { recursive: true })
    const built = existsSync(join(bundles, `${worker}.js`))
    if (!built) writeFileSync(join(stand, `${worker}.js`), standIn())
    const own = join(folder, worker)
    mkdirSync(own)
    const config = join(own, 'wrangler.toml')
    const folders = { bundles: built ? bundles : stand, migrations: join(root, 'templates/migrations') }
    writeFileSync(config, renderWranglerToml(worker, environment, resources, folders))
    const { status, stdout, stderr } = await runWrangler(['deploy', '--dry-run', '--config', config], { cwd: own })
    expect(status).toBe(0)
    expect(stderr).not.toMatch(/warning|unexpected|error/i)
    for (const name of bindingNames(worker)) expect(stdout).toContain(`env.${name}`)
  })
})

function bindingNames(worker: (typeof workerNames)[number]): string[] {
  const { kv: namespaces, rateLimits, objects: classes, variables, leases } = workerTopology(worker)
  return [
    ...namespaces,
    ...rateLimits.map(({ binding }) => binding),
    ...classes.map((name) => objects[name]),
    ...variables,
    ...(leases.length > 0 ? [keyLease.binding] : []),
    'VERSION',
  ]
}

/** A Worker to dry-run where nothing was built yet. */
function standIn(): string {
  const classes = Object.keys(objects).map((name) => `export class ${name} extends DurableObject {}`)
  return `import { DurableObject } from 'cloudflare:workers'\n${classes.join('\n')}\nexport default { fetch: () => new Response() }\n`
}
