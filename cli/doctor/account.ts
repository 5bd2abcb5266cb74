/** What is checked in the Cloudflare account: the token, and everything that a deploy makes. */
import { createHash } from 'node:crypto'
import * as v from 'valibot'
import { isLoopbackHost } from '../../shared/config/issuer.ts'
import { router } from '../../shared/topology.ts'
import { readBundle } from '../bundle/manifest.ts'
import type { AccountApi } from '../cloudflare/account-api.ts'
import type { EnvironmentAccount } from '../cloudflare/environment-account.ts'
import type { Observed } from '../cloudflare/observe.ts'
import { tokenPage } from '../cloudflare/permissions.ts'
import { listAddressRecords, listZones, queryDatabase } from '../cloudflare/resources.ts'
import { ensureRoute } from '../cloudflare/routes.ts'
import { tokenPermissions } from '../cloudflare/token-permissions.ts'
import { readWorkerCode } from '../cloudflare/worker-code.ts'
import { secretNames } from '../plan/bindings.ts'
import { releaseOf } from '../plan/deployment.ts'
import type { Wanted } from '../plan/wanted.ts'
import { driftOf } from '../status/drift.ts'
import { examined, type Finding, ill, judged, well } from './finding.ts'

const DEPLOY = 'authrim deploy'

/** What the token may do. Examined by itself: what it may not do keeps the rest from being looked at. */
export function examineToken({ account, resources }: EnvironmentAccount): Promise<Finding[]> {
  return examined('token permissions', () => permissions(account, resources.zone?.id), `See ${tokenPage}`)
}

export async function examineAccount(at: EnvironmentAccount, wanted: Wanted, observed: Observed): Promise<Finding[]> {
  const { account, resources } = at
  const groups = await Promise.all([
    examined('zone', () => zone(at), 'Add the domain at https://dash.cloudflare.com'),
    examined('host', () => host(at, observed), DEPLOY),
    examined('code', () => code(account, wanted, observed), 'authrim deploy --force'),
    examined('lock', () => lock(account, resources.database.id, observed), 'authrim deploy --break-lock'),
  ])
  return [
    ...deployed(wanted, observed),
    ...differences(wanted, observed),
    ...routes(at, wanted, observed),
    ...groups.flat(),
  ]
}

async function permissions(account: AccountApi, zoneId: string | undefined): Promise<Finding[]> {
  return (await tokenPermissions(account, zoneId)).map(({ permission, state }) => {
    const name = `permission ${permission.group}`
    if (state === 'missing')
      return ill(name, `missing; ${permission.why} needs it`, `Add ${permission.name} at ${tokenPage}`)
    return well(name, state === 'granted' ? permission.why : `${permission.why}; only writing would prove it`)
  })
}

async function zone({ account, environment, resources }: EnvironmentAccount): Promise<Finding> {
  if (!resources.zone) return well('zone', `none: ${new URL(environment.issuer).hostname} is of workers.dev`)
  const found = (await listZones(account)).some(({ id }) => id === resources.zone?.id)
  const { name } = resources.zone
  return found ? well('zone', name) : ill('zone', `${name} is not in the account`, 'Add it, or run: authrim init')
}

/** The issuer's host leads to Cloudflare, by a custom domain or by a record that passes through it. */
async function host({ account, environment, resources }: EnvironmentAccount, observed: Observed): Promise<Finding> {
  const { hostname } = new URL(environment.issuer)
  if (!resources.zone) {
    return observed.workers.some(({ worker }) => worker === router)
      ? well('host', `${hostname} is ${router}`)
      : ill('host', `${router} is not deployed`, DEPLOY)
  }
  const [domain] = observed.domains
  if (domain) return well('host', `${hostname} is the custom domain of ${domain.script}`)
  if (resources.host === 'custom-domain') return ill('host', `${hostname} is no custom domain`, DEPLOY)
  const records = await listAddressRecords(account, resources.zone.id, hostname)
  return records.some(({ proxied }) => proxied) || isLoopbackHost(hostname)
    ? well('host', `${hostname} passes through Cloudflare`)
    : ill(
        'host',
        `${hostname} has no record that passes through Cloudflare`,
        'Turn the record’s proxy on in the dashboard',
      )
}

function deployed({ workers }: Wanted, observed: Observed): Finding[] {
  const missing = workers.filter(({ worker }) => !observed.workers.some((found) => found.worker === worker))
  const split = observed.workers.filter(({ live }) => live.length > 1)
  const releases = new Set(observed.workers.flatMap(({ live }) => live.map(releaseOf)))
  const lost = workers.flatMap(({ worker, secrets }) => {
    const live = observed.workers.find((found) => found.worker === worker)?.live ?? []
    return live.length === 0
      ? []
      : secrets.filter((name) => !live.every(({ bindings }) => secretNames(bindings).includes(name)))
  })
  return [
    judged(
      'workers',
      missing.map(({ worker }) => `${worker} is not deployed`),
      `${workers.length} Workers are deployed`,
      DEPLOY,
    ),
    judged(
      'traffic',
      split.map(({ worker, live }) => `${worker} is split over ${live.length} versions`),
      'one version of each Worker has all traffic',
      `${DEPLOY} goes on, authrim rollback goes back`,
    ),
    judged('releases', releases.size > 1 ? [[...releases].join(' and ')] : [], [...releases].join(), DEPLOY),
    judged(
      'secrets',
      lost.map((name) => `${name} is missing`),
      'every secret is set',
      'authrim deploy says how to put it back',
    ),
  ]
}

const KINDS: readonly (readonly [name: string, pattern: RegExp, detail: string])[] = [
  ['variables', /^[+~-] plain_text /, 'as authrim.json says'],
  [
    'bindings',
    /^[+~-] (kv_namespace|d1|durable_object_namespace|service|ratelimit|version_metadata) /,
    'as the topology says',
  ],
  ['compatibility', /^~ compatibility /, 'date and flags as this release says'],
  ['migrations', /^\+ migration /, 'the database has every migration'],
]

/** What the next deploy would change, by kind; and what would keep it from that. */
function differences(wanted: Wanted, observed: Observed): Finding[] {
  const drift = driftOf(wanted, observed, [])
  const of = (pattern: RegExp) =>
    drift.filter(({ difference }) => pattern.test(difference)).map(({ where, difference }) => `${where}: ${difference}`)
  const problems = drift.filter(({ where }) => where === 'account').map(({ difference }) => difference)
  return [
    ...KINDS.map(([name, pattern, detail]) => judged(name, of(pattern), detail, DEPLOY)),
    judged(
      'resources',
      problems,
      'resources.json and the account agree',
      'authrim init finds or makes what is missing',
    ),
  ]
}

function routes({ account, resources }: EnvironmentAccount, wanted: Wanted, observed: Observed): Finding[] {
  const all = wanted.workers.flatMap(({ script, routes: patterns }) => patterns.map((pattern) => ({ script, pattern })))
  const there = new Set(observed.workers.map(({ script }) => script))
  const missing = all.filter(
    ({ script, pattern }) =>
      there.has(script) && !observed.routes.some((route) => route.pattern === pattern && route.script === script),
  )
  const foreign = missing.filter(({ pattern }) => observed.routes.some((route) => route.pattern === pattern))
  if (missing.length === 0) return [well('routes', `${all.length} routes lead where they should`)]
  const detail = missing.map(({ pattern }) => pattern).join(', ')
  if (foreign.length > 0) return [ill('routes', `lead elsewhere or nowhere: ${detail}`, DEPLOY)]
  return [
    ill('routes', `missing: ${detail}`, DEPLOY, async () => {
      for (const { pattern, script } of missing) await ensureRoute(account, resources.zone?.id ?? '', pattern, script)
    }),
  ]
}

/** The code that serves, byte for byte, against what was published. */
async function code(account: AccountApi, { workers }: Wanted, observed: Observed): Promise<Finding> {
  const problems = await Promise.all(
    observed.workers.map(async ({ worker, script }) => {
      const served = createHash('sha256')
        .update(await readWorkerCode(account, script))
        .digest('hex')
      return served === readBundle(worker).sha256 ? [] : [`${worker} runs other code than this package has`]
    }),
  )
  return judged(
    'code',
    problems.flat(),
    `${observed.workers.length} of ${workers.length} Workers run what was published`,
    DEPLOY,
  )
}

/** A lock that nobody renews any more. */
async function lock(account: AccountApi, database: string, observed: Observed): Promise<Finding> {
  if (!observed.databases.some(({ id }) => id === database)) return ill('lock', 'there is no database', 'authrim init')
  const tables = await queryDatabase(
    account,
    database,
    { sql: "SELECT name FROM sqlite_master WHERE type = 'table' AND name = 'authrim_lock'" },
    v.unknown(),
  )
  const held =
    tables.length === 0
      ? []
      : await queryDatabase(
          account,
          database,
          {
            sql: "SELECT owner, host, since, renewed < strftime('%Y-%m-%dT%H:%M:%SZ', 'now', '-15 minutes') AS stale FROM authrim_lock",
          },
          v.object({ owner: v.string(), host: v.string(), since: v.string(), stale: v.number() }),
        )
  const stale = held.find((one) => one.stale === 1)
  if (!stale) return well('lock', held[0] ? `${held[0].owner} on ${held[0].host} is at work` : 'nobody holds it')
  return ill(
    'lock',
    `${stale.owner} on ${stale.host} left it behind ${stale.since}`,
    'authrim deploy --break-lock',
    async () => {
      await queryDatabase(account, database, { sql: 'DELETE FROM authrim_lock' }, v.unknown())
    },
  )
}
