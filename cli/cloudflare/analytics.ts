import * as v from 'valibot'
import { type AccountApi, attempt } from './account-api.ts'

/** How a script was invoked in a span of time. Times are milliseconds. */
export interface WorkerMetrics {
  readonly script: string
  readonly requests: number
  readonly errors: number
  readonly cpuMs: Quantiles
  readonly wallMs: Quantiles
  readonly outOfMemory: number
}

export interface Quantiles {
  readonly p50: number
  readonly p99: number
}

/** Cloudflare tells of memory only when there was too little of it: invocations that were ended for it. */
const QUERY = `query Workers($account: string!, $from: Time!, $to: Time!, $scripts: [string!]) {
  viewer {
    accounts(filter: { accountTag: $account }) {
      all: workersInvocationsAdaptive(
        limit: 1000, filter: { datetime_geq: $from, datetime_leq: $to, scriptName_in: $scripts }
      ) {
        dimensions { scriptName }
        sum { requests errors }
        quantiles { cpuTimeP50 cpuTimeP99 wallTimeP50 wallTimeP99 }
      }
      outOfMemory: workersInvocationsAdaptive(
        limit: 1000, filter: { datetime_geq: $from, datetime_leq: $to, scriptName_in: $scripts, status: "exceededMemory" }
      ) {
        dimensions { scriptName }
        sum { requests }
      }
    }
  }
}`

const Dimensions = v.object({ scriptName: v.string() })
const Answer = v.object({
  data: v.nullish(
    v.object({
      viewer: v.object({
        accounts: v.array(
          v.object({
            all: v.array(
              v.object({
                dimensions: Dimensions,
                sum: v.object({ requests: v.number(), errors: v.number() }),
                quantiles: v.object({
                  cpuTimeP50: v.number(),
                  cpuTimeP99: v.number(),
                  wallTimeP50: v.number(),
                  wallTimeP99: v.number(),
                }),
              }),
            ),
            outOfMemory: v.array(v.object({ dimensions: Dimensions, sum: v.object({ requests: v.number() }) })),
          }),
        ),
      }),
    }),
  ),
  errors: v.nullish(v.array(v.looseObject({ message: v.string() }))),
})

/** Metrics of scripts; undefined where the token may not read analytics. A script without requests is not listed. */
export function readMetrics(
  account: AccountApi,
  scripts: readonly string[],
  span: { readonly from: Date; readonly to: Date },
): Promise<WorkerMetrics[] | undefined> {
  return attempt('Reading the analytics', '/graphql', async () => {
    const variables = { account: account.id, from: time(span.from), to: time(span.to), scripts }
    const { data, errors } = v.parse(
      Answer,
      await account.client.post('/graphql', { body: { query: QUERY, variables } }),
    )
    const [found] = data?.viewer.accounts ?? []
    if (!found) {
      const message = errors?.[0]?.message ?? 'no account'
      if (/authoriz|authenti|permission|access/i.test(message) || !errors) return undefined
      throw new SyntaxError(message)
    }
    const killed = new Map(found.outOfMemory.map(({ dimensions, sum }) => [dimensions.scriptName, sum.requests]))
    return found.all.map(({ dimensions, sum, quantiles }) => ({
      script: dimensions.scriptName,
      ...sum,
      cpuMs: { p50: ms(quantiles.cpuTimeP50), p99: ms(quantiles.cpuTimeP99) },
      wallMs: { p50: ms(quantiles.wallTimeP50), p99: ms(quantiles.wallTimeP99) },
      outOfMemory: killed.get(dimensions.scriptName) ?? 0,
    }))
  })
}

/** How often a version was invoked, and how often Cloudflare ended that with an error. */
export interface VersionCounts {
  readonly requests: number
  readonly errors: number
}

const VERSIONS = `query Versions($account: string!, $from: Time!, $to: Time!, $scripts: [string!]) {
  viewer {
    accounts(filter: { accountTag: $account }) {
      versions: workersInvocationsAdaptive(
        limit: 1000, filter: { datetime_geq: $from, datetime_leq: $to, scriptName_in: $scripts }
      ) {
        dimensions { scriptVersion }
        sum { requests errors }
      }
    }
  }
}`

const VersionsAnswer = v.object({
  data: v.nullish(
    v.object({
      viewer: v.object({
        accounts: v.array(
          v.object({
            versions: v.array(
              v.object({
                dimensions: v.object({ scriptVersion: v.string() }),
                sum: v.object({ requests: v.number(), errors: v.number() }),
              }),
            ),
          }),
        ),
      }),
    }),
  ),
})

/** Counts by version id; undefined where the token may not read analytics. They arrive some minutes late. */
export function readVersionCounts(
  account: AccountApi,
  scripts: readonly string[],
  span: { readonly from: Date; readonly to: Date },
): Promise<Map<string, VersionCounts> | undefined> {
  return attempt('Reading the analytics', '/graphql', async () => {
    const variables = { account: account.id, from: time(span.from), to: time(span.to), scripts }
    const answer = await account.client.post('/graphql', { body: { query: VERSIONS, variables } })
    const found = v.parse(VersionsAnswer, answer).data?.viewer.accounts[0]
    return found && new Map(found.versions.map(({ dimensions, sum }) => [dimensions.scriptVersion, sum]))
  })
}

/** Without milliseconds, which the analytics API does not take. */
function time(date: Date): string {
  return date.toISOString().replace(/\.\d+Z$/, 'Z')
}

function ms(microseconds: number): number {
  return Math.round(microseconds / 10) / 100
}
