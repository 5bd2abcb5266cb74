import kleur from 'kleur'
import type { CliError } from '../error.ts'
import { safeJson, sanitize } from './sanitize.ts'
import { type Column, table, tabSeparated } from './table.ts'
import { wrap } from './wrap.ts'

export interface Output {
  readonly isTTY?: boolean | undefined
  readonly columns?: number | undefined
  write(text: string): unknown
}

/** Where a command's answer goes: for a person or, with --json, one document for a program. */
export class Report {
  readonly #out: Output
  readonly #err: Output
  readonly #json: boolean

  constructor(options: { out: Output; err: Output; json: boolean }) {
    this.#out = options.out
    this.#err = options.err
    this.#json = options.json
  }

  /** The answer: `document` under --json, the lines otherwise. */
  answer(document: unknown, lines: () => readonly string[]): void {
    if (this.#json) this.#out.write(`${safeJson(document, 2)}\n`)
    else for (const line of lines()) this.#out.write(`${line}\n`)
  }

  /** A part of the answer that only a person reads. */
  lines(lines: readonly string[]): void {
    if (this.#json) return
    for (const line of lines) this.#out.write(`${line}\n`)
  }

  /** A document that is JSON for a person too. */
  document(document: unknown): void {
    this.#out.write(`${safeJson(document, 2)}\n`)
  }

  /** A list: a table on a terminal, tab-separated in a pipe. `empty` is said, on stderr, when there is nothing. */
  list<Row>(document: object, rows: readonly Row[], columns: readonly Column<Row>[], empty: string): void {
    this.answer(document, () =>
      this.#out.isTTY ? table(rows, columns, this.#out.columns ?? 80) : tabSeparated(rows, columns),
    )
    if (this.#json) return
    if (rows.length === 0) this.note(empty)
    if ('nextCursor' in document && typeof document.nextCursor === 'string') {
      this.note(`More: --cursor ${sanitize(document.nextCursor)}`)
    }
  }

  /** Progress and remarks, on stderr. */
  note(text: string): void {
    this.#err.write(`  ${text}\n`)
  }

  /** A line that says something is done. */
  done(text: string): string {
    return `  ${kleur.green('✔')} ${text}`
  }

  failure(error: CliError): void {
    const { code, message, hint, details } = error
    if (this.#json) {
      this.#out.write(`${safeJson({ error: { code, message, hint: hint ?? null, details: details ?? null } }, 2)}\n`)
      return
    }
    this.#err.write(`${kleur.red('error')} ${this.#paragraph(message)}\n`)
    if (hint) this.#err.write(`${margin}${this.#paragraph(hint)}\n`)
  }

  /** Lines from outside, wrapped where a person reads them. */
  #paragraph(text: string): string {
    const width = this.#err.isTTY ? (this.#err.columns ?? 80) : Infinity
    return text
      .split('\n')
      .map((line) => wrap(sanitize(line), width, margin))
      .join(`\n${margin}`)
  }
}

/** As wide as `error `, so that what belongs to a failure stands below it. */
const margin = '      '

/** Label and value in two columns. */
export function pairs(entries: readonly (readonly [label: string, value: string | undefined])[]): string[] {
  const shown = entries.flatMap(([label, value]) =>
    value === undefined || value === '' ? [] : [[label, value] as const],
  )
  const width = Math.max(0, ...shown.map(([label]) => label.length))
  return shown.map(([label, value]) => `  ${kleur.dim(label.padEnd(width))}  ${sanitize(value)}`)
}

/** A time of the API as a person reads it: UTC, to the minute. */
export function shortTime(iso: string | null | undefined): string | undefined {
  if (!iso) return undefined
  const time = new Date(iso)
  return Number.isNaN(time.getTime()) ? iso : `${time.toISOString().slice(0, 16).replace('T', ' ')}Z`
}
