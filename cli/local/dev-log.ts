import kleur from 'kleur'
import type { Context } from '../context.ts'
import type { WorkerLog } from '../embedded-cloudflare/log.ts'
import { sanitize } from '../ui/sanitize.ts'

/** What `authrim dev` shows of the Workers' logs: failures, and with --verbose every request. */
export function devLog({ verbose, report }: Pick<Context, 'verbose' | 'report'>) {
  return {
    onLog(log: WorkerLog): void {
      if (verbose || isFailure(log)) report.note(logLine(log))
    },
    onRuntimeMessage(message: string): void {
      if (verbose) report.note(message)
    },
  }
}

function isFailure({ level, fields }: WorkerLog): boolean {
  return level === 'error' || level === 'warn' || fields?.['level'] === 'error' || fields?.['level'] === 'warn'
}

/** `12:00:01 POST /token 400 op-token invalid_grant: the code was used (7f3a…)` */
export function logLine({ time, level, message, fields }: WorkerLog): string {
  const clock = kleur.dim(time.toISOString().slice(11, 19))
  const { worker, method, path, status, error, description, reason, requestId } = fields ?? {}
  if (typeof method !== 'string' || typeof path !== 'string' || typeof status !== 'number') {
    return `${clock} ${level === 'log' ? '' : `${level} `}${lines(message)}`
  }
  const parts = [
    method,
    sanitize(path),
    status < 400 ? kleur.green(status) : status < 500 ? kleur.yellow(status) : kleur.red(status),
    kleur.dim(String(worker ?? '')),
    ...(error === undefined ? [] : [sanitize(`${String(error)}: ${String(description)}`)]),
    ...(error === undefined || requestId === undefined ? [] : [kleur.dim(sanitize(String(requestId)))]),
  ]
  return `${clock} ${parts.join(' ')}${status >= 500 && typeof reason === 'string' ? `\n${lines(reason)}` : ''}`
}

function lines(text: string): string {
  return text.split('\n').map(sanitize).join('\n    ')
}
