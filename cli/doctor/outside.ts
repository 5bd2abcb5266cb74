/** What is checked as a client would see it: name, certificate, clock, and every Worker's answer. */
import { lookup } from 'node:dns/promises'
import { connect } from 'node:tls'
import { isLoopbackHost } from '../../shared/config/issuer.ts'
import { workerNames } from '../../shared/topology.ts'
import type { Edge } from '../apply/edge.ts'
import { workerChecks } from '../apply/probes.ts'
import { examined, type Finding, ill, well } from './finding.ts'

/** Days before its end at which a certificate is late: Cloudflare renews a month ahead. */
const LATE = 14
/** Seconds by which an operator's token may be early or late. */
const TOLERANCE = 10

export async function examineOutside(edge: Edge): Promise<Finding[]> {
  const { hostname, protocol } = new URL(edge.issuer)
  const groups = await Promise.all([
    examined('dns', () => resolves(hostname), 'Check the record at https://dash.cloudflare.com'),
    protocol === 'https:' && edge.origin === undefined
      ? examined('tls', () => certificate(hostname), 'See SSL/TLS in the dashboard; a new host waits some minutes')
      : [well('tls', 'not asked of a host on this machine')],
    examined('clock', () => clock(edge), 'Set this machine’s clock'),
    ...workerNames.map((worker) => examined(`health ${worker}`, () => health(edge, worker), `authrim logs ${worker}`)),
    ...workerNames.map((worker) =>
      examined(`answers ${worker}`, () => answers(edge, worker), `authrim logs ${worker}`),
    ),
  ])
  return groups.flat()
}

async function resolves(hostname: string): Promise<Finding> {
  if (isLoopbackHost(hostname)) return well('dns', `${hostname} is this machine`)
  const addresses = await lookup(hostname, { all: true })
  return well('dns', `${hostname} → ${addresses.map(({ address }) => address).join(', ')}`)
}

async function certificate(hostname: string): Promise<Finding> {
  const validTo = await new Promise<string>((resolve, reject) => {
    const socket = connect({ host: hostname, port: 443, servername: hostname, timeout: 10_000 }, () => {
      resolve(socket.getPeerCertificate().valid_to)
      socket.end()
    })
    socket.once('timeout', () => socket.destroy(new Error('no answer in time')))
    socket.once('error', reject)
  })
  return certificateFinding(validTo, Date.now())
}

/** `now` in milliseconds. */
export function certificateFinding(validTo: string, now: number): Finding {
  const days = Math.floor((Date.parse(validTo) - now) / 86_400_000)
  return days >= LATE
    ? well('tls', `the certificate is good for ${days} days`)
    : ill(
        'tls',
        `the certificate ends in ${days} days`,
        'Cloudflare renews it; see SSL/TLS › Edge Certificates in the dashboard',
      )
}

async function clock(edge: Edge): Promise<Finding> {
  const before = Date.now()
  const { headers } = await edge.request('/op-discovery/health')
  return clockFinding(headers.get('date'), (before + Date.now()) / 2)
}

/** The Date header has whole seconds. `now` in milliseconds. */
export function clockFinding(date: string | null, now: number): Finding {
  const there = Date.parse(date ?? '')
  if (Number.isNaN(there)) return well('clock', 'the answer says no time')
  const seconds = Math.round((now - there) / 1000)
  if (Math.abs(seconds) < TOLERANCE) return well('clock', 'this machine and Cloudflare agree')
  const much = `${Math.abs(seconds)} s ${seconds > 0 ? 'ahead' : 'behind'}`
  return ill(
    'clock',
    `this machine is ${much}; the admin API refuses tokens that are ${TOLERANCE} s off`,
    'Set this machine’s clock',
  )
}

async function health(edge: Edge, worker: string): Promise<Finding> {
  const { status } = await edge.request(`/${worker}/health`)
  const name = `health ${worker}`
  if (status === 200) return well(name, 'answers')
  return ill(name, `/${worker}/health answers ${status}`, `authrim logs ${worker}, or authrim rollback ${worker}`)
}

/** The checks of a deploy: discovery and key set, and what each endpoint says to somebody with nothing. */
async function answers(edge: Edge, worker: (typeof workerNames)[number]): Promise<Finding[]> {
  return (await workerChecks(edge, worker, {})).map(({ name, ok, detail = 'as it should' }) =>
    ok ? well(name, detail) : ill(name, detail, `authrim logs ${worker}, or authrim rollback ${worker}`),
  )
}
