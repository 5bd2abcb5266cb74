import type { NamedTest } from './conformance-tests.ts'

export interface Row {
  readonly id: string
  readonly requirement: string
  readonly source: string
  readonly worker: string
  readonly later?: string | undefined
}

export interface Group {
  readonly title: string
  readonly rows: readonly Row[]
}

/** The page, and the ids of rows that have neither a test nor a reason. */
export function conformancePage(
  groups: readonly Group[],
  tests: readonly NamedTest[],
): { page: string; open: string[] } {
  const byId = new Map<string, NamedTest[]>()
  for (const test of tests) for (const id of test.ids) byId.set(id, [...(byId.get(id) ?? []), test])
  const rows = groups.flatMap((group) => group.rows)
  const tested = rows.filter(({ id }) => byId.has(id)).length
  const later = rows.filter(({ id, later }) => !byId.has(id) && later !== undefined).length
  const open = rows.filter(({ id, later }) => !byId.has(id) && later === undefined).map(({ id }) => id)
  const page = [
    '# Conformance',
    '',
    'Made by `npm run conformance` from `docs/conformance-rows.json` and the names of the tests; do not edit it.',
    '',
    `${rows.length} requirements: ${tested} tested, ${later} left for later with a reason, ${open.length} open.`,
    ...groups.map((group) => section(group, byId)),
    otherIds(rows, byId),
  ]
  return { page: `${page.join('\n')}\n`, open }
}

function section({ title, rows }: Group, byId: ReadonlyMap<string, readonly NamedTest[]>): string {
  const lines = rows.map(({ id, requirement, source, worker, later }) => {
    const tests = byId.get(id)?.map(link) ?? []
    const evidence = tests.length > 0 ? [...new Set(tests)].join('<br>') : `_${later ?? 'open'}_`
    return `| ${id} | ${requirement} | ${source} | ${worker} | ${evidence} |`
  })
  return [
    '',
    `## ${title}`,
    '',
    '| id | requirement | source | where | tests |',
    '| --- | --- | --- | --- | --- |',
    ...lines,
  ].join('\n')
}

function link({ says, file }: NamedTest): string {
  const name = file.replace(/^.*\//, '')
  return says === '' ? `[${name}](../${file})` : `[${escaped(says)}](../${file})`
}

/** Text of a test's name inside a table cell and a link. */
function escaped(text: string): string {
  return text.replaceAll(/[|[\]<>*_\\]/g, (character) => `\\${character}`)
}

/** Requirements of later issues that some test covers already. */
function otherIds(rows: readonly Row[], byId: ReadonlyMap<string, readonly NamedTest[]>): string {
  const known = new Set(rows.map(({ id }) => id))
  const others = [...byId].filter(([id]) => !known.has(id)).toSorted(([a], [b]) => (a < b ? -1 : 1))
  if (others.length === 0) return ''
  const lines = others.map(([id, tests]) => `- ${id}: ${[...new Set(tests.map(link))].join(', ')}`)
  return ['', '## Tested ahead of its issue', '', ...lines].join('\n')
}
