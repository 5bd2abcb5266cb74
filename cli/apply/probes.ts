import { setTimeout as sleep } from 'node:timers/promises'
import * as v from 'valibot'
import { router, type WorkerName, workerNames } from '../../shared/topology.ts'
import type { Check } from './checks.ts'
import type { Edge, EdgeAnswer, EdgeRequest } from './edge.ts'

/** What a client with nothing in its hands gets from each endpoint: it runs the code, and needs no data. */
const probes: Readonly<Record<Exclude<WorkerName, 'op-discovery' | 'op-router'>, readonly Probe[]>> = {
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
  'op-saml': [
    { name: 'SAML sign-on refuses without a request', path: '/saml/idp/sso', status: [400] },
    { name: 'SAML admin API refuses without a key', path: '/admin/v1/saml/sp', status: [401] },
  ],
  'op-async': [
    {
      name: 'device flow needs a client',
      path: '/device_authorization',
      method: 'POST',
      status: [400, 401],
    },
    { name: 'backchannel needs a client', path: '/bc-authorize', method: 'POST', status: [400, 401] },
    { name: 'page for device codes', path: '/device', status: [200] },
    { name: 'approvals ask for a sign-in', path: '/approvals', status: [303] },
  ],
}

interface Probe {
  readonly name: string
  readonly path: string
  readonly method?: 'POST'
  readonly status: readonly number[]
}

/** Asks each endpoint of a Worker. */
export async function workerChecks(edge: Edge, worker: WorkerName, headers: Record<string, string>): Promise<Check[]> {
  if (worker === 'op-discovery') return discoveryChecks(edge, headers)
  if (worker === router) return (await Promise.all(workerNames.map((each) => workerChecks(edge, each, headers)))).flat()
  return Promise.all(probes[worker].map((probe) => runProbe(edge, probe, headers)))
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

/** An answer parsed to a type; undefined when it is something else. */
export function jsonOf<T>({ text }: EdgeAnswer, schema: v.GenericSchema<unknown, T>): T | undefined {
  try {
    const result = v.safeParse(schema, JSON.parse(text))
    return result.success ? result.output : undefined
  } catch {
    return undefined
  }
}
