/** What is checked from inside, as an operator: admin API, keys, operators, a login, and what it all costs. */
import type { InferOutput } from 'valibot'
import { KeysAnswer, OperatorsAnswer } from '../admin/answers.ts'
import type { AdminClient } from '../admin/client.ts'
import type { Edge } from '../apply/edge.ts'
import { readMetrics, type WorkerMetrics } from '../cloudflare/analytics.ts'
import type { EnvironmentAccount } from '../cloudflare/environment-account.ts'
import type { Wanted } from '../plan/wanted.ts'
import { readPartners, samlFindings } from '../saml/health.ts'
import { shortTime } from '../ui/report.ts'
import { examined, type Finding, ill, well } from './finding.ts'
import { testLogin } from './test-login.ts'

const DAY = 86_400_000
/** An operator who is shut out in less than this should know. */
const SOON = 14 * DAY
/** Requests a day, and CPU a request, of Cloudflare's free plan. */
const FREE = { requests: 100_000, cpuMs: 10 } as const

export async function examineService(admin: AdminClient, edge: Edge): Promise<Finding[]> {
  const fix = 'authrim deploy brings op-management up; authrim operators list shows who may call it'
  const keys = await examined(
    'admin API',
    async () => {
      const answer = await admin.get('/keys', KeysAnswer)
      const partners = (await readPartners(admin)) ?? []
      return [
        well('admin API', 'accepts this operator'),
        ...keyFindings(answer, Date.now()),
        ...samlFindings(answer.keys, partners, Date.now()),
      ]
    },
    fix,
  )
  // The rest would say the same again.
  if (keys.some(({ name, ok }) => name === 'admin API' && !ok)) return keys
  const operators = await examined('operators', () => operatorFinding(admin), fix)
  const login = await examined('login', () => testLogin(admin, edge), 'authrim logs op-auth op-token')
  return [...keys, ...operators, ...login]
}

/** `now` in milliseconds. */
export function keyFindings(
  { keys: all, schedule }: Pick<InferOutput<typeof KeysAnswer>, 'keys' | 'schedule'>,
  now: number,
): Finding[] {
  // SAML's follow one another differently.
  const keys = all.filter(({ use }) => use !== 'saml')
  const algorithms = [...new Set(keys.map(({ alg }) => alg))]
  const lacking = (state: string) =>
    algorithms.filter((alg) => !keys.some((key) => key.alg === alg && key.state === state))
  const [unsigned, unready] = [lacking('current'), lacking('next')]
  const next = schedule?.nextRotationAt
  const late = next !== null && next !== undefined && Date.parse(next) + DAY < now
  return [
    keys.length === 0 || unsigned.length > 0
      ? ill('signing keys', `no current key: ${unsigned.join(', ') || 'none at all'}`, 'authrim keys rotate --now')
      : well('signing keys', algorithms.join(', ')),
    unready.length > 0
      ? ill('next keys', `none is published: ${unready.join(', ')}`, 'authrim keys rotate')
      : well('next keys', 'the next keys are published'),
    late
      ? ill('rotation', `keys were to rotate ${shortTime(next)}`, 'authrim keys rotate')
      : well('rotation', `keys rotate ${shortTime(next) ?? 'by hand'}`),
  ]
}

async function operatorFinding(admin: AdminClient): Promise<Finding> {
  const { operators } = await admin.get('/operators', OperatorsAnswer)
  const lasting = operators.filter(({ expiresAt }) => !expiresAt || Date.parse(expiresAt) > Date.now() + SOON)
  if (lasting.length > 0) return well('operators', `${operators.length} may call the admin API`)
  return ill('operators', 'nobody may call the admin API in two weeks’ time', 'authrim operators add <public key>')
}

/** What the last day used, beside what Cloudflare's free plan gives. */
export async function examineBudget({ account }: EnvironmentAccount, { workers }: Wanted): Promise<Finding[]> {
  const to = new Date()
  const metrics = await readMetrics(
    account,
    workers.map(({ script }) => script),
    { from: new Date(to.getTime() - DAY), to },
  )
  return metrics
    ? budgetFindings(metrics)
    : [ill('usage', 'the token may not read analytics', 'Add Account · Account Analytics · Read')]
}

export function budgetFindings(metrics: readonly WorkerMetrics[]): Finding[] {
  const requests = metrics.reduce((sum, one) => sum + one.requests, 0)
  const errors = metrics.reduce((sum, one) => sum + one.errors, 0)
  const killed = metrics.filter(({ outOfMemory }) => outOfMemory > 0)
  const slowest = metrics.toSorted((a, b) => b.cpuMs.p99 - a.cpuMs.p99)[0]
  const share = `${((requests / FREE.requests) * 100).toFixed(requests < FREE.requests / 10 ? 1 : 0)} % of the free plan’s ${FREE.requests.toLocaleString('en')}`
  const cpu = slowest ? `CPU p99 up to ${slowest.cpuMs.p99} ms (${slowest.script})` : 'no CPU used'
  return [
    well(
      'usage',
      `${requests} requests in a day, ${share}; ${cpu}${(slowest?.cpuMs.p99 ?? 0) > FREE.cpuMs ? `, more than the free plan’s ${FREE.cpuMs} ms` : ''}`,
    ),
    requests > 0 && errors / requests > 0.01
      ? ill('errors', `${errors} of ${requests} requests failed in a day`, 'authrim logs --status error')
      : well('errors', `${errors} of ${requests} requests failed in a day`),
    killed.length > 0
      ? ill(
          'memory',
          `ended for lack of memory: ${killed.map(({ script }) => script).join(', ')}`,
          'authrim logs, and report it',
        )
      : well('memory', 'no request was ended for lack of memory'),
  ]
}
