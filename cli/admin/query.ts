import type { Command } from 'commander'
import { usageError } from '../error.ts'

export interface ListOptions {
  readonly search?: string
  readonly limit?: string
  readonly cursor?: string
}

/** The options of every list that pages. */
export function listOptions(command: Command, { search = true } = {}): Command {
  if (search) command.option('--search <text>', 'only those that contain this text')
  return command
    .option('--limit <n>', 'at most this many, 1 to 100')
    .option('--cursor <cursor>', 'go on after a former list')
}

/** `?a=b` from what is given, nothing from what is not. */
export function query(parameters: Readonly<Record<string, string | undefined>>): string {
  const given = Object.entries(parameters).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]]))
  return given.length === 0 ? '' : `?${new URLSearchParams(given)}`
}

/** The part of a list's query that all lists share. */
export function listQuery({ search, limit, cursor }: ListOptions) {
  if (limit !== undefined && !(/^\d+$/.test(limit) && Number(limit) >= 1 && Number(limit) <= 100)) {
    throw usageError(`--limit ${limit} is not a number from 1 to 100.`)
  }
  return { search, limit, cursor }
}

/** One segment of a path, whatever the identifier holds. */
export function segment(identifier: string): string {
  if (identifier === '') throw usageError('The identifier is empty.')
  // A dot segment would be resolved away before the request is sent.
  if (/^\.\.?$/.test(identifier)) throw usageError(`${identifier} is no identifier.`)
  return encodeURIComponent(identifier)
}
