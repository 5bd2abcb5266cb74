import { beforeAll, describe, expect, test } from 'vitest'
import kleur from 'kleur'
import { CliError } from '../error.ts'
import { pairs, Report } from './report.ts'
import { safeJson, sanitize } from './sanitize.ts'

const people = [
  { id: '1', name: 'Ada\u001b[2J', note: undefined },
  { id: '22', name: 'Grace', note: 'rear admiral' },
]
const columns = [
  { title: 'id', value: ({ id }: (typeof people)[number]) => id },
  { title: 'name', value: ({ name }: (typeof people)[number]) => name },
  { title: 'note', value: ({ note }: (typeof people)[number]) => note },
]

function output(options: { json?: boolean; isTTY?: boolean; columns?: number }) {
  let out = ''
  let err = ''
  const report = new Report({
    out: { ...options, write: (text) => (out += text) },
    err: { write: (text) => (err += text) },
    json: options.json ?? false,
  })
  return { report, out: () => out, err: () => err }
}

beforeAll(() => {
  kleur.enabled = false
})

describe('lists', () => {
  test('on a terminal, a table', () => {
    const { report, out } = output({ isTTY: true, columns: 80 })
    report.list({ nextCursor: null }, people, columns, 'none')
    expect(out()).toBe('  id  name    note\n  1   Ada[2J  –\n  22  Grace   rear admiral\n')
  })

  test('on a narrow terminal, a block a row, and nothing cut off', () => {
    const { report, out } = output({ isTTY: true, columns: 20 })
    report.list({}, people, columns, 'none')
    expect(out()).toBe('  1\n    name  Ada[2J\n\n  22\n    name  Grace\n    note  rear admiral\n')
  })

  test('in a pipe, tab-separated without heading', () => {
    const { report, out } = output({})
    report.list({}, people, columns, 'none')
    expect(out()).toBe('1\tAda[2J\t\n22\tGrace\trear admiral\n')
  })

  test('under --json, the document and nothing else; how to go on is in it', () => {
    const { report, out, err } = output({ json: true })
    report.list({ people, nextCursor: 'abc' }, people, columns, 'none')
    expect(JSON.parse(out())).toMatchObject({ nextCursor: 'abc', people: [{ name: 'Ada\u001b[2J' }, {}] })
    expect(err()).toBe('')
  })

  test('an empty list says so on stderr, so that a pipe stays empty', () => {
    const { report, out, err } = output({})
    report.list({}, [], columns, 'There is nobody.')
    expect([out(), err()]).toEqual(['', '  There is nobody.\n'])
  })
})

describe('text from outside (attack K4)', () => {
  test('attack K4 what a terminal would obey is stripped', () => {
    expect(sanitize('a\u001b]0;title\u0007b\u009b31mc\rd\ne\u202ef')).toBe('a]0;titleb31mcd ef')
  })

  test('JSON carries it as escapes', () => {
    const json = safeJson({ name: '\u009b31m\u202e' })
    expect(json).toBe('{"name":"\\u009b31m\\u202e"}')
    expect(JSON.parse(json)).toEqual({ name: '\u009b31m\u202e' })
  })

  test('errors are stripped too', () => {
    const { report, err } = output({})
    report.failure(new CliError('no\u001b[31m', { hint: 'run\u0007 it' }))
    expect(err()).toBe('error no[31m\n      run it\n')
  })
})

test('errors under --json are a document on stdout', () => {
  const { report, out } = output({ json: true })
  report.failure(new CliError('gone', { code: 'not_found', hint: 'look', details: { status: 404 } }))
  expect(JSON.parse(out())).toEqual({
    error: { code: 'not_found', message: 'gone', hint: 'look', details: { status: 404 } },
  })
})

test('pairs leave out what has no value', () => {
  expect(
    pairs([
      ['a', '1'],
      ['long', undefined],
      ['bc', '2'],
    ]),
  ).toEqual(['  a   1', '  bc  2'])
})
