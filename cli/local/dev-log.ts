import kleur from 'kleur'
import type { Context } from '../context.ts'
import type { WorkerLog } from '../embedded-cloudflare/log.ts'
import { sanitize } from '../ui/sanitize.ts'

/** What `authrim dev` shows of the Workers' logs: failures, and with --verbose every request. */
export function devLog({ verbose, report }: Pick<Context, 'verbose' | 'report'>) {
  return {
    onLog(log: WorkerLog): void {
      const waiting = approvalLine(log)
      if (waiting !== undefined) report.note(waiting)
      else if (verbose || isFailure(log)) report.note(logLine(log))
    },
    onRuntimeMessage(message: string): void {
      if (verbose) report.note(message)
    },
  }
}

function isFailure({ level, message, fields }: WorkerLog): boolean {
  // What workerd says to its makers.
  if (message.startsWith('NOSENTRY')) return false
  return level === 'error' || level === 'warn' || fields?.['level'] === 'error' || fields?.['level'] === 'warn'
}

/** Where somebody decides about a request that came just now, if that is what the line says. */
function approvalLine({ time, fields = {} }: WorkerLog): string | undefined {
  const { event, client, link } = fields
  if (event !== 'approval_waits' || typeof client !== 'string' || typeof link !== 'string') return undefined
  return `${kleur.dim(time.toISOString().slice(11, 19))} ${sanitize(client)} waits for an answer: ${kleur.cyan(sanitize(link))}`
}

/** `12:00:01 POST /token 400 op-token invalid_grant: the code was used (7f3a…)` */
export function logLine({ time, level, message, fields = {} }: WorkerLog): string {
  const clock = kleur.dim(time.toISOString().slice(11, 19))
  const text = (name: string) => {
    const value = fields[name]
    return typeof value === 'string' ? sanitize(value) : ''
  }
  const { status } = fields
  if (text('method') === '' || typeof status !== 'number') {
    return `${clock} ${level === 'log' ? '' : `${level} `}${lines(message)}`
  }
  const colour = status < 400 ? kleur.green : status < 500 ? kleur.yellow : kleur.red
  const failed = text('error') !== ''
  const parts = [
    text('method'),
    text('path'),
    colour(status),
    kleur.dim(text('worker')),
    ...(failed ? [`${text('error')}: ${text('description')}`, kleur.dim(text('requestId'))] : []),
  ]
  const { reason } = fields
  return `${clock} ${parts.join(' ')}${status >= 500 && typeof reason === 'string' ? `\n${lines(reason)}` : ''}`
}

function lines(text: string): string {
  return text.split('\n').map(sanitize).join('\n    ')
}
