import { setTimeout as sleep } from 'node:timers/promises'
import * as v from 'valibot'
import { router, type WorkerName } from '../../shared/topology.ts'
import type { Edge } from './edge.ts'
import type { CodeFlowResult } from './gate-login.ts'
import { jsonOf, workerChecks } from './probes.ts'

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
  /** A whole code flow with a client and a person that live ten minutes, through versions chosen by the headers. */
  readonly codeFlow: (headers: Readonly<Record<string, string>>) => Promise<CodeFlowResult>
}

/** Without all of these nobody can sign in; a change of another is not seen in a code flow. */
const codeFlowWorkers: readonly WorkerName[] = ['op-discovery', 'op-userinfo', 'op-auth', 'op-token', 'op-management']

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
      health.ok ? [health, ...(await workerChecks(gate.edge, candidate.worker, headers))] : [health],
    )
  }
  const concerned = candidates.filter(({ worker }) => worker === router || codeFlowWorkers.includes(worker))
  const [first] = concerned
  const sound = [...results.values()].flat().every(({ ok }) => ok)
  if (first && sound && codeFlowWorkers.every((worker) => gate.deployed.has(worker))) {
    const { check, worker } = await gate.codeFlow(headers)
    const at = concerned.find((candidate) => candidate.worker === worker) ?? first
    results.set(at.worker, [...(results.get(at.worker) ?? []), check])
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
