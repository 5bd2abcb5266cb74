import { formula, type Goal } from './goals.ts'
import { median, type Sample } from './load.ts'

export type Samples = ReadonlyMap<string, readonly Sample[]>

export interface Row {
  readonly endpoint: string
  readonly perSecond: number
  /** Milliseconds of CPU, medians over the rounds. */
  readonly cpu: number
  readonly floor: string
  readonly floorCpu: number
  /** Median of the rounds' own ratios, since what disturbs a round disturbs both sides. */
  readonly ratio: number
  readonly atMost: number | undefined
}

export function rowOf({ endpoint, floor, atMost }: Goal, samples: Samples): Row {
  const own = samples.get(endpoint) ?? []
  const floors = own.map((_, round) =>
    Object.entries(floor).reduce((sum, [name, times]) => sum + times * (samples.get(name)?.[round]?.cpu ?? NaN), 0),
  )
  return {
    endpoint,
    perSecond: median(own.map((sample) => sample.perSecond)),
    cpu: median(own.map((sample) => sample.cpu)),
    floor: formula(floor),
    floorCpu: median(floors),
    ratio: median(own.map(({ cpu }, round) => cpu / (floors[round] ?? NaN))),
    atMost,
  }
}

/** The table in Markdown, which also reads well as plain text. */
export function table(rows: readonly Row[]): string {
  const head = ['endpoint', 'per second', 'CPU ms', 'floor', 'floor ms', 'ratio', 'target', '']
  const cells = rows.map((row) => [
    row.endpoint,
    row.perSecond.toFixed(0),
    row.cpu.toFixed(3),
    row.floor,
    row.floorCpu.toFixed(3),
    row.ratio.toFixed(2),
    row.atMost === undefined ? '' : `≤ ${row.atMost}`,
    row.atMost === undefined ? '' : row.ratio <= row.atMost ? 'met' : 'missed',
  ])
  const widths = head.map((title, column) => Math.max(...[head, ...cells].map((row) => (row[column] ?? title).length)))
  const line = (row: readonly string[]) => `| ${row.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join(' | ')} |`
  return [line(head), `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`, ...cells.map(line)].join('\n')
}
