import kleur from 'kleur'
import { sanitize } from '../ui/sanitize.ts'
import { isError } from './filter.ts'
import type { LogLine } from './trace.ts'

/** A request on one line: when, which Worker, what, how it ended, how long it took, and its id. */
export function logText(line: LogLine): string {
  const { time, worker, method, path, status, outcome, wallMs, requestId, error, exceptions } = line
  const paint = isError(line) ? kleur.red : (status ?? 0) >= 400 ? kleur.yellow : (text: string) => text
  const ended = status === null ? outcome : outcome === 'ok' ? String(status) : `${status} ${outcome}`
  return [
    kleur.dim(time.slice(11, 23)),
    worker.padEnd(14),
    paint(sanitize(ended).padEnd(3)),
    sanitize(`${method ?? 'event'} ${path ?? ''}`.trim()),
    ...(wallMs === null ? [] : [kleur.dim(`${Math.round(wallMs)} ms`)]),
    ...(error === null ? [] : [paint(sanitize(error))]),
    ...exceptions.map((text) => kleur.red(sanitize(text))),
    ...(requestId === null ? [] : [kleur.dim(sanitize(requestId))]),
  ].join('  ')
}
