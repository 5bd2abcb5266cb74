import kleur from 'kleur'
import { sanitize } from './sanitize.ts'

export interface Column<Row> {
  readonly title: string
  readonly value: (row: Row) => string | undefined
}

/**
 * Rows for a person: aligned columns, or one block a row when the terminal is too narrow for them.
 * Nothing is cut off, since identifiers are there to be copied.
 */
export function table<Row>(rows: readonly Row[], columns: readonly Column<Row>[], width: number): string[] {
  const cells = rows.map((row) => columns.map(({ value }) => sanitize(value(row) ?? '') || '–'))
  const widths = columns.map(({ title }, column) =>
    Math.max(title.length, ...cells.map((row) => row[column]?.length ?? 0)),
  )
  if (widths.reduce((sum, one) => sum + one + 2, 0) > width) return blocks(cells, columns)
  const line = (row: readonly string[]) => `  ${row.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join('  ')}`.trimEnd()
  return [kleur.dim(line(columns.map(({ title }) => title))), ...cells.map(line)]
}

function blocks<Row>(cells: readonly string[][], columns: readonly Column<Row>[]): string[] {
  const titles = columns.map(({ title }) => title)
  const width = Math.max(...titles.map(({ length }) => length))
  return cells.flatMap(([first = '', ...rest], index) => [
    ...(index > 0 ? [''] : []),
    `  ${kleur.bold(first)}`,
    ...rest.flatMap((cell, i) =>
      cell === '–' ? [] : [`    ${kleur.dim((titles[i + 1] ?? '').padEnd(width))}  ${cell}`],
    ),
  ])
}

/** Rows for a program: tab-separated, no heading. */
export function tabSeparated<Row>(rows: readonly Row[], columns: readonly Column<Row>[]): string[] {
  return rows.map((row) => columns.map(({ value }) => sanitize(value(row) ?? '')).join('\t'))
}
