import { setTimeout as sleep } from 'node:timers/promises'
import * as v from 'valibot'
import type { WorkerName } from '../../shared/topology.ts'
import type { Edge, EdgeAnswer, EdgeRequest } from './edge.ts'

export interface Check {
  readonly name: string
  readonly ok: boolean
  readonly detail?: string
}

/** A version that stands before the gate. */
export interface Candidate {
  readonly worker: WorkerName
  readonly script: string
  readonly versionId: string
}

export interface Gate {
  readonly edge: Edge
  /** Workers that are deployed, those before the gate among them. */
  readonly deployed: ReadonlySet<WorkerName>
  /** How long an answer may take to come from the right version. */
  readonly patience: number
  /**
   * A whole code flow with a client and a person that live ten minutes, through versions chosen by the headers given.
   * Absent until the Workers offer the one-use ticket that it signs in with.
   */
  readonly codeFlow?: (headers: Readonly<Record<string, string>>) => Promise<Check>
}

/** Asks for these versions, whatever traffic they get. */
export function versionOverrides(candidates: readonly Candidate[]): Record<string, string> {
  const value = candidates.map(({ script, versionId }) => `${script}="${versionId}"`).join(', ')
  return { 'Cloudflare-Workers-Version-Overrides': value }
}

/** Every check that concerns the candidates; `overridden` asks for their versions by header. */
export async function checkCandidates(
  gate: Gate,
  candidates: readonly Candidate[],
  { overridden }: { readonly overridden: boolean },
): Promise<Map<WorkerName, Check[]>> {
  const headers = overridden ? versionOverrides(candidates) : {}
  const results = new Map<WorkerName, Check[]>()
  for (const candidate of candidates) {
    const health = await checkHealth(gate, candidate, headers)
    // The rest would test another version, or tell the same again.
    results.set(
      candidate.worker,
      health.ok ? [health, ...(await workerChecks(gate, candidate.worker, headers))] : [health],
    )
  }
  const last = candidates.at(-1)
  const whole = ['op-auth', 'op-token', 'op-management'] as const
  if (gate.codeFlow && last && whole.every((worker) => gate.deployed.has(worker))) {
    results.set(last.worker, [...(results.get(last.worker) ?? []), await gate.codeFlow(headers)])
  }
  return results
}

const Health = v.object({ version: v.string() })

/** Asks until the answer names the version: an override, a route or a certificate needs a while to spread. */
async function checkHealth(
  gate: Gate,
  { worker, versionId }: Candidate,
  headers: Record<string, string>,
): Promise<Check> {
  const deadline = performance.now() + gate.patience * 1000
  let failures = 0
  for (let wait = 100; ; wait = Math.min(wait * 1.5, 3000)) {
    const { problem, fails } = await healthProblem(gate.edge, worker, versionId, headers)
    if (problem === undefined) return { name: 'health', ok: true }
    failures = fails ? failures + 1 : 0
    // The Worker itself fails: waiting does not help it.
    if (failures >= 4 || performance.now() + wait > deadline) return { name: 'health', ok: false, detail: problem }
    await sleep(wait)
  }
}

async function healthProblem(edge: Edge, worker: WorkerName, versionId: string, headers: Record<string, string>) {
  const path = `/${worker}/health`
  try {
    const answer = await edge.request(path, { headers })
    const body = jsonOf(answer, Health)
    if (answer.status >= 500) return { problem: `${path} answers ${answer.status}`, fails: true }
    if (answer.status !== 200 || !body)
      return { problem: `${path} answers ${answer.status}`, fails: answer.status === 200 }
    if (body.version === versionId) return { problem: undefined, fails: false }
    return { problem: `${path} still answers from version ${body.version.slice(0, 8)}`, fails: false }
  } catch (error) {
    return {
      problem: `${path} does not answer (${error instanceof Error ? error.message : String(error)})`,
      fails: false,
    }
  }
}

/** What a client with nothing in its hands gets from each endpoint: it runs the code, and needs no data. */
const probes: Partial<Record<WorkerName, readonly Probe[]>> = {
  'op-userinfo': [{ name: 'userinfo refuses without a token', path: '/userinfo', status: [401] }],
  'op-auth': [
    { name: 'authorize refuses without a client', path: '/authorize', status: [400] },
    { name: 'sign-in page assets', path: '/account', status: [200, 302, 303, 401] },
  ],
  'op-token': [{ name: 'token refuses without a grant', path: '/token', method: 'POST', status: [400, 401] }],
  'op-management': [
    { name: 'introspect refuses without a client', path: '/introspect', method: 'POST', status: [400, 401] },
    { name: 'admin API refuses without a key', path: '/admin/v1/clients', status: [401] },
  ],
}

interface Probe {
  readonly name: string
  readonly path: string
  readonly method?: 'POST'
  readonly status: readonly number[]
}

async function workerChecks(gate: Gate, worker: WorkerName, headers: Record<string, string>): Promise<Check[]> {
  if (worker === 'op-discovery') return discoveryChecks(gate.edge, headers)
  return Promise.all((probes[worker] ?? []).map((probe) => runProbe(gate.edge, probe, headers)))
}

function runProbe(edge: Edge, { name, path, method, status }: Probe, headers: Record<string, string>): Promise<Check> {
  const form = { 'content-type': 'application/x-www-form-urlencoded' }
  const request = method ? { method, headers: { ...headers, ...form }, body: '' } : { headers }
  return checked(name, edge, path, request, (answer) =>
    status.includes(answer.status) ? undefined : `${path} answers ${answer.status} instead of ${status.join(' or ')}`,
  )
}

const Metadata = v.looseObject({ issuer: v.string(), jwks_uri: v.string(), token_endpoint: v.string() })
const KeySet = v.object({ keys: v.array(v.looseObject({ kid: v.string(), kty: v.string() })) })

async function discoveryChecks(edge: Edge, headers: Record<string, string>): Promise<Check[]> {
  return [
    await checked('discovery', edge, '/.well-known/openid-configuration', { headers }, (answer) => {
      const metadata = jsonOf(answer, Metadata)
      if (!metadata) return `discovery answers ${answer.status} without metadata`
      if (metadata.issuer !== edge.issuer) return `discovery names the issuer ${metadata.issuer}`
      const foreign = Object.entries(metadata).find(
        ([name, value]) =>
          /_(endpoint|uri)$/.test(name) && typeof value === 'string' && !value.startsWith(`${edge.issuer}/`),
      )
      return foreign && `discovery gives ${foreign[0]} at another host`
    }),
    await checked('jwks', edge, '/.well-known/jwks.json', { headers }, (answer) => {
      const keys = jsonOf(answer, KeySet)?.keys
      if (!keys) return `the key set answers ${answer.status}`
      if (keys.length === 0) return 'the key set is empty'
      return keys.some((key) => 'd' in key) ? 'the key set holds a private key' : undefined
    }),
  ]
}

async function checked(
  name: string,
  edge: Edge,
  path: string,
  request: EdgeRequest,
  problemOf: (answer: EdgeAnswer) => string | undefined,
): Promise<Check> {
  let problem: string | undefined
  // One hiccup of the network should not send a good version back.
  for (let attempt = 0; attempt < 3; attempt++) {
    if (attempt > 0) await sleep(300 * attempt)
    try {
      problem = problemOf(await edge.request(path, request))
    } catch (error) {
      problem = `${path} does not answer (${error instanceof Error ? error.message : String(error)})`
    }
    if (problem === undefined) return { name, ok: true }
  }
  return { name, ok: false, ...(problem !== undefined && { detail: problem }) }
}

function jsonOf<T>({ text }: EdgeAnswer, schema: v.GenericSchema<unknown, T>): T | undefined {
  try {
    const result = v.safeParse(schema, JSON.parse(text))
    return result.success ? result.output : undefined
  } catch {
    return undefined
  }
}
