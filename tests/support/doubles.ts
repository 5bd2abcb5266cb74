import type { Binding, LocalWorker } from '../../cli/embedded-cloudflare/worker.ts'
import { type WorkerName, workers } from '../../shared/topology.ts'

/**
 * How a binding misbehaves. `miss`: KV answers nothing; `stale`: KV knows nothing written since; `fail`: the call
 * throws; `hang`: it never answers; `overloaded`, `reset`: as a Durable Object reports it, nothing was done;
 * `lost`: it was done and the reply was lost.
 */
export type Fault = 'miss' | 'stale' | 'fail' | 'hang' | 'overloaded' | 'reset' | 'lost'

/** By binding (`DB`) or call (`GRANT_LEDGER.claim`); `times` 1 is a fault that heals. */
export type Faults = Readonly<Record<string, { readonly fault: Fault; readonly times?: number }>>

/** Put behind the code of a Worker: everything it is bound to passes here, and so does its clock. */
const script = String.raw`
let doubled
let offset = 0
let calls = {}
let faults = {}
const seen = new Map()
const realNow = Date.now
Date.now = () => realNow.call(Date) + offset * 1000

async function act(binding, call, real, key) {
  const name = binding + '.' + call
  calls[name] = (calls[name] ?? 0) + 1
  const entry = faults[name] ?? faults[binding]
  if (!entry || (entry.times !== undefined && entry.times-- <= 0)) {
    const answer = await real()
    if (key !== undefined) seen.set(binding + key, answer)
    return answer
  }
  switch (entry.fault) {
    case 'miss':
      return null
    case 'stale':
      return key === undefined ? real() : (seen.get(binding + key) ?? null)
    case 'hang':
      return new Promise(() => {})
    case 'overloaded':
      throw Object.assign(new Error('Durable Object is overloaded.'), { overloaded: true, retryable: true })
    case 'reset':
      throw Object.assign(new Error('Durable Object reset.'), { retryable: true, durableObjectReset: true })
    case 'lost':
      await real()
      throw Object.assign(new Error('Network connection lost.'), { retryable: true })
    default:
      throw new Error(name + ' failed: 503 Service Unavailable')
  }
}

const kinds = {
  kv: (name, kv) => ({
    get: (key) => act(name, 'get', () => kv.get(key), key),
    put: (...args) => act(name, 'put', () => kv.put(...args)),
    delete: (key) => act(name, 'delete', () => kv.delete(key)),
  }),
  d1: (name, db) => {
    const originals = new WeakMap()
    const statement = (real) => {
      const double = { bind: (...values) => statement(real.bind(...values)) }
      for (const call of ['first', 'run', 'all', 'raw']) double[call] = (...args) => act(name, call, () => real[call](...args))
      originals.set(double, real)
      return double
    }
    return {
      prepare: (sql) => statement(db.prepare(sql)),
      batch: (list) => act(name, 'batch', () => db.batch(list.map((each) => originals.get(each)))),
    }
  },
  'durable-object': (name, namespace) => ({
    getByName: (object) =>
      new Proxy({}, { get: (_, call) => (...args) => act(name, call, () => namespace.getByName(object)[call](...args)) }),
  }),
  worker: (name, service) =>
    new Proxy({}, { get: (_, call) => (...args) => act(name, call, () => service[call](...args)) }),
}

function double(env) {
  const wrap = ([name, value]) => [name, kinds[KINDS[name]]?.(name, value) ?? value]
  return Object.fromEntries(Object.entries(env).map(wrap))
}

async function control(request) {
  const order = await request.json()
  if (order.faults) faults = order.faults
  if (order.offset !== undefined) offset = order.offset
  const report = calls
  calls = {}
  return Response.json(report)
}

export default {
  fetch(request, env, ctx) {
    if (new URL(request.url).pathname === CONTROL) return control(request)
    return INNER.fetch(request, (doubled ??= double(env)), ctx)
  },
}
`

/** Puts doubles between the named Workers and their bindings; for use as `transform`. */
export function withDoubles(...names: readonly WorkerName[]): (workers: LocalWorker[]) => LocalWorker[] {
  return (all) =>
    all.map((worker) => {
      const name = names.find((each) => worker.name.endsWith(each))
      return name ? { ...worker, script: doubledScript(name, worker) } : worker
    })
}

function doubledScript(name: WorkerName, worker: LocalWorker): string {
  const kinds = Object.fromEntries(
    Object.entries(worker.bindings).map(([key, { type }]: [string, Binding]) => [key, type]),
  )
  const constants = `const KINDS = ${JSON.stringify(kinds)}, CONTROL = ${JSON.stringify(controlPath(name))}`
  const { code, exported } = withoutExports(worker.script)
  const objects = [...exported].filter(([as]) => worker.objects.includes(as))
  const others = [...exported].filter(([as]) => as !== 'default' && !worker.objects.includes(as))
  return [
    code,
    constants,
    `const INNER = ${exported.get('default')}`,
    script,
    ...objects.map(([as, local]) => objectDouble(as, local)),
    ...others.map(([as, local]) => `export { ${local} as ${as} }`),
  ].join('\n')
}

/** An object that a test can kill, sweep, and reach into. */
function objectDouble(as: string, local: string): string {
  return `class Double${as} extends ${local} {
  kill() { this.ctx.abort('killed by a test') }
  sweep() { return this.alarm() }
  alarmAt() { return this.ctx.storage.getAlarm() }
  sql(statement, ...values) { return this.ctx.storage.sql.exec(statement, ...values).toArray() }
}
export { Double${as} as ${as} }`
}

function withoutExports(bundle: string): { code: string; exported: Map<string, string> } {
  const match = /export\s*\{([^}]*)\};?\s*$/.exec(bundle)
  if (!match) throw new Error('the bundle does not end with its exports')
  const exported = new Map<string, string>()
  for (const each of (match[1] ?? '').split(',')) {
    const [local = '', as = local] = each.trim().split(/\s+as\s+/)
    exported.set(as, local)
  }
  return { code: bundle.slice(0, match.index), exported }
}

/** Reached through a route of the Worker, since every pattern ends in `*`. */
function controlPath(name: WorkerName): string {
  return `${workers[name].paths[0]}-double`
}

/** Steers the doubles of one Worker. */
export class Doubles {
  readonly #address: string

  constructor(issuer: string, name: WorkerName) {
    this.#address = issuer + controlPath(name)
  }

  /** Replaces all faults. */
  async fail(faults: Faults): Promise<void> {
    await this.#order({ faults })
  }

  /** Sets the Worker's clock this many seconds ahead. */
  async advance(offset: number): Promise<void> {
    await this.#order({ offset })
  }

  /** How often each binding was called since the last question. */
  async calls(): Promise<Record<string, number>> {
    return this.#order({})
  }

  async #order(order: { faults?: Faults; offset?: number }): Promise<Record<string, number>> {
    const response = await fetch(this.#address, { method: 'POST', body: JSON.stringify(order) })
    if (response.status !== 200) throw new Error(`${this.#address} answered ${response.status}`)
    const report: Record<string, number> = await response.json()
    return report
  }
}
