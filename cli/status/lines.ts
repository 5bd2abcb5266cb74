import kleur from 'kleur'
import { partnerProblems } from '../saml/health.ts'
import { pairs, shortTime } from '../ui/report.ts'
import { sanitize } from '../ui/sanitize.ts'
import { table } from '../ui/table.ts'
import type { Status, WorkerStatus } from './status.ts'

/** Rows of drift that a screen shows; --json has them all. */
const MOST_DRIFT = 12

/** The state of an environment for a person. `now` in milliseconds. */
export function statusLines(status: Status, now: number): string[] {
  const { environment, issuer, workers, drift } = status
  const columns = [
    { title: 'worker', value: ({ worker }: WorkerStatus) => worker },
    { title: 'release', value: ({ release }: WorkerStatus) => release ?? 'not deployed' },
    { title: 'share', value: ({ share, versionId }: WorkerStatus) => (versionId === null ? undefined : `${share} %`) },
    { title: 'health', value: ({ healthy }: WorkerStatus) => (healthy ? 'ok' : 'FAILS') },
    { title: 'requests', value: ({ requests }: WorkerStatus) => (requests === null ? '?' : String(requests)) },
    { title: 'errors', value: ({ errorRate }: WorkerStatus) => (errorRate === null ? undefined : percent(errorRate)) },
    { title: 'cpu p50/p99', value: ({ cpuMs }: WorkerStatus) => quantiles(cpuMs) },
    { title: 'wall p50/p99', value: ({ wallMs }: WorkerStatus) => quantiles(wallMs) },
    { title: 'no memory', value: ({ outOfMemory }: WorkerStatus) => (outOfMemory ? String(outOfMemory) : undefined) },
    {
      title: 'deployed',
      value: ({ deployedAt }: WorkerStatus) => (deployedAt === null ? undefined : ago(deployedAt, now)),
    },
  ]
  return [
    `  ${kleur.bold(environment)} · ${issuer} · requests since ${shortTime(status.since)}`,
    '',
    ...table(workers, columns, process.stdout.columns ?? 120),
    '',
    ...keyLines(status, now),
    ...samlLines(status, now),
    ...(drift.length === 0
      ? [`  ${kleur.green('✔')} everything is as authrim.json and this release say`]
      : [
          `  ${kleur.yellow('!')} ${drift.length} ${drift.length === 1 ? 'difference' : 'differences'} from authrim.json and this release; see  ${kleur.bold('authrim deploy --dry-run')}`,
          ...drift
            .slice(0, MOST_DRIFT)
            .map(({ where, difference }) => `    ${where.padEnd(15)} ${sanitize(difference)}`),
          ...(drift.length > MOST_DRIFT ? [`    … and ${drift.length - MOST_DRIFT} more (--json)`] : []),
        ]),
  ]
}

function keyLines({ keys }: Status, now: number): string[] {
  if (!keys) return []
  const current = keys.keys.filter(({ state, use }) => state === 'current' && use !== 'saml')
  return [
    ...pairs([
      [
        'keys',
        current.map(({ alg, createdAt }) => `${alg} ${createdAt ? `made ${ago(createdAt, now)}` : ''}`).join(', '),
      ],
      ['next rotation', shortTime(keys.schedule?.nextRotationAt)],
    ]),
    '',
  ]
}

/** Nothing where SAML is not used. */
function samlLines({ keys, saml }: Status, now: number): string[] {
  const own = keys?.keys.filter(({ use }) => use === 'saml') ?? []
  const partners = saml?.partners.filter(({ enabled }) => enabled) ?? []
  if (own.length === 0 && partners.length === 0) return []
  const problems = partners.flatMap((partner) => partnerProblems(partner, now))
  const first = partners.flatMap(({ certificatesExpireAt }) => certificatesExpireAt ?? []).toSorted()[0]
  const certificates = own.map(({ state, certificateExpiresAt: until }) => `${state} until ${shortTime(until) ?? '?'}`)
  return [
    ...pairs([
      ['SAML certificate', certificates.join(', ')],
      ['SAML partners', partners.length > 0 ? String(partners.length) : undefined],
      ['first to run out', shortTime(first)],
    ]),
    ...problems.map((problem) => `  ${kleur.yellow('!')} ${sanitize(problem)}`),
    '',
  ]
}

/** How long ago a time was, in its largest unit. */
export function ago(iso: string, now: number): string {
  const seconds = Math.max(0, Math.round((now - Date.parse(iso)) / 1000))
  const units = [
    [86_400, 'd'],
    [3600, 'h'],
    [60, 'min'],
  ] as const
  for (const [size, unit] of units) if (seconds >= size) return `${Math.floor(seconds / size)} ${unit} ago`
  return `${seconds} s ago`
}

function percent(rate: number): string {
  return `${(rate * 100).toFixed(rate > 0 && rate < 0.01 ? 2 : 1)} %`
}

function quantiles(of: { readonly p50: number; readonly p99: number } | null): string | undefined {
  return of ? `${short(of.p50)}/${short(of.p99)} ms` : undefined
}

function short(ms: number): string {
  return ms >= 10 ? String(Math.round(ms)) : ms.toFixed(1)
}
