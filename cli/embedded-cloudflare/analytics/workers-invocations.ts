import type { Invocation } from '../runtime/invocations.ts'
import type { Account } from '../state/account.ts'
import { type Field, GraphqlError } from './graphql.ts'

/** An invocation with the names of its Worker. */
type Row = Invocation & { readonly scriptName: string }

const MINUTE = 60_000

/** What groups may be told apart by. */
const dimensions: Readonly<Record<string, (row: Row) => string>> = {
  scriptName: (row) => row.scriptName,
  scriptTag: (row) => row.scriptTag,
  scriptVersion: (row) => row.versionId,
  status: (row) => row.status,
  usageModel: () => 'standard',
  date: (row) => new Date(row.time).toISOString().slice(0, 10),
  datetime: (row) => seconds(row.time),
  datetimeMinute: (row) => seconds(row.time - (row.time % MINUTE)),
  datetimeFiveMinutes: (row) => seconds(row.time - (row.time % (5 * MINUTE))),
  datetimeFifteenMinutes: (row) => seconds(row.time - (row.time % (15 * MINUTE))),
  datetimeHour: (row) => seconds(row.time - (row.time % (60 * MINUTE))),
}

/** Answers `workersInvocationsAdaptive`: invocations that were really served, grouped by the dimensions selected. */
export function workersInvocations(field: Field, account: Account, invocations: readonly Invocation[]): unknown[] {
  const names = new Map(account.scripts.map(({ tag, name }) => [tag, name]))
  const rows = invocations.flatMap((invocation) => {
    const scriptName = names.get(invocation.scriptTag)
    return scriptName === undefined ? [] : [{ ...invocation, scriptName }]
  })
  const filter = field.args['filter']
  const wanted = rows.filter((row) => isObject(filter) && passes(row, filter))
  const selected = field.fields.find(({ name }) => name === 'dimensions')?.fields ?? []
  const groups = Map.groupBy(wanted, (row) => JSON.stringify(selected.map(({ name }) => dimensionOf(name)(row))))
  const limit = field.args['limit']
  return [...groups.values()].slice(0, typeof limit === 'number' ? limit : 100).map((group) => {
    return Object.fromEntries(field.fields.map((part) => [part.alias, partOf(part, group)]))
  })
}

function partOf({ name, fields }: Field, group: readonly Row[]): unknown {
  const [first] = group
  const values = (read: (field: string) => unknown) =>
    Object.fromEntries(fields.map((field) => [field.alias, read(field.name)]))
  if (name === 'dimensions') return first && values((field) => dimensionOf(field)(first))
  if (name === 'sum') return values((field) => sum(field, group))
  if (name === 'quantiles') return values((field) => quantile(field, group))
  if (name === 'avg') return values(() => 1)
  throw new GraphqlError(`unknown field "${name}"`)
}

function sum(field: string, group: readonly Row[]): number {
  const total = (read: (row: Row) => number) => group.reduce((all, row) => all + read(row), 0)
  if (field === 'requests') return group.length
  if (field === 'errors') return group.filter(({ status }) => !/^(success|clientDisconnected)$/.test(status)).length
  if (field === 'clientDisconnects') return group.filter(({ status }) => status === 'clientDisconnected').length
  if (field === 'cpuTimeUs') return total(({ cpuTime }) => cpuTime ?? 0)
  if (field === 'wallTime') return total(({ wallTime }) => wallTime ?? 0)
  if (field === 'subrequests' || field === 'responseBodySize') return 0
  throw new GraphqlError(`unknown field "${field}"`)
}

/** `cpuTimeP50`, `wallTimeP999`: microseconds, over the invocations that were measured. */
function quantile(field: string, group: readonly Row[]): number {
  const [, measure, digits] = /^(cpuTime|wallTime)P(25|50|75|90|95|99|999)$/.exec(field) ?? []
  if ((measure !== 'cpuTime' && measure !== 'wallTime') || digits === undefined) {
    throw new GraphqlError(`unknown field "${field}"`)
  }
  const values = group.flatMap((row) => row[measure] ?? []).toSorted((a, b) => a - b)
  const rank = Math.ceil(Number(`0.${digits}`) * values.length)
  return values[Math.max(0, rank - 1)] ?? 0
}

function passes(row: Row, filter: Readonly<Record<string, unknown>>): boolean {
  return Object.entries(filter).every(([key, wanted]) => {
    if (key === 'AND' && Array.isArray(wanted)) return wanted.every((one) => isObject(one) && passes(row, one))
    if (key === 'OR' && Array.isArray(wanted)) return wanted.some((one) => isObject(one) && passes(row, one))
    const [, name = '', operator = ''] = /^(.+?)(?:_(geq|gt|leq|lt|neq|in|notin))?$/.exec(key) ?? []
    const value = dimensionOf(name)(row)
    if (/^(in|notin)$/.test(operator)) {
      return Array.isArray(wanted) && wanted.includes(value) === (operator === 'in')
    }
    return compare(name.startsWith('date') && name !== 'date', operator, value, String(wanted))
  })
}

function compare(isTime: boolean, operator: string, value: string, wanted: string): boolean {
  const [a, b] = isTime ? [Date.parse(value), Date.parse(wanted)] : [value, wanted]
  switch (operator) {
    case 'geq':
      return a >= b
    case 'gt':
      return a > b
    case 'leq':
      return a <= b
    case 'lt':
      return a < b
    case 'neq':
      return a !== b
    default:
      return a === b
  }
}

function dimensionOf(name: string): (row: Row) => string {
  const read = dimensions[name]
  if (!read) throw new GraphqlError(`unknown field "${name}"`)
  return read
}

function seconds(time: number): string {
  return new Date(time).toISOString().replace(/\.\d+Z$/, 'Z')
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
