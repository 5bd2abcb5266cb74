import { type Piece, piecesOf } from './ansi.ts'
import type { Frame } from './terminal.ts'

/** A row of the screen as it was for a while. */
interface Spell {
  readonly row: number
  readonly line: string
  /** Milliseconds. */
  readonly from: number
  /** Undefined where it stays to the end. */
  readonly until: number | undefined
}

const cell = { width: 7.8, height: 18 }
const padding = 20
/** Colours 0 to 15. */
const palette = [
  '#6e7681',
  '#ff7b72',
  '#56d364',
  '#e3b341',
  '#79c0ff',
  '#d2a8ff',
  '#76e3ea',
  '#e6edf3',
  '#8b949e',
  '#ffa198',
  '#7ee787',
  '#f2cc60',
  '#a5d6ff',
  '#e2c5ff',
  '#b3f0ff',
  '#ffffff',
]

/**
 * A picture of a recording that plays once and stays at its end. Where nothing moves (no CSS, or a reader who asked for
 * less motion) it is the last screen.
 */
export function animatedSvg(frames: readonly Frame[], columns: number, title: string): string {
  const rows = Math.max(...frames.map(({ lines }) => lines.length))
  const width = Math.round(columns * cell.width + 2 * padding)
  const height = rows * cell.height + 2 * padding
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" role="img">`,
    `<title>${escaped(title)}</title>`,
    '<style>text{font:13px ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;fill:#e6edf3;white-space:pre}',
    '.b{font-weight:700}.d{opacity:.6}.gone{opacity:0}',
    '@keyframes hidden{from,to{opacity:0}}@keyframes shown{from,to{opacity:1}}',
    '@media (prefers-reduced-motion:reduce){g{animation:none!important}}</style>',
    `<rect width="${width}" height="${height}" rx="8" fill="#0d1117"/>`,
    ...spellsOf(frames).map((spell) => rowOf(spell)),
    '</svg>',
    '',
  ].join('\n')
}

/** When each row showed what, with what was there for a moment only left out. */
function spellsOf(frames: readonly Frame[]): Spell[] {
  const start = frames[0]?.at ?? 0
  const rows = Math.max(...frames.map(({ lines }) => lines.length))
  return Array.from({ length: rows }, (_, row) => {
    const changes = frames
      .map(({ at, lines }) => ({ line: lines[row] ?? '', from: Math.round(at - start) }))
      .filter(({ line }, index, all) => line !== all[index - 1]?.line)
    return changes
      .map(({ line, from }, index) => ({ row, line, from, until: changes[index + 1]?.from }))
      .filter(({ line }) => line.trim() !== '')
  }).flat()
}

function rowOf({ row, line, from, until }: Spell): string {
  const y = padding + (row + 0.75) * cell.height
  const texts = piecesOf(line).map((piece) => textOf(piece, y))
  const begin = (from / 1000).toFixed(2)
  if (until !== undefined) {
    const lasts = ((until - from) / 1000).toFixed(2)
    return `<g class="gone" style="animation:shown ${lasts}s ${begin}s step-end">${texts.join('')}</g>`
  }
  return from === 0
    ? `<g>${texts.join('')}</g>`
    : `<g style="animation:hidden ${begin}s step-end">${texts.join('')}</g>`
}

/** Its length is given, so that columns stay columns whatever font there is. */
function textOf({ text, column, style }: Piece, y: number): string {
  const x = (padding + column * cell.width).toFixed(1)
  const names = [style.bold && 'b', style.dim && 'd'].filter(Boolean).join(' ')
  const fill = style.colour === undefined ? '' : ` style="fill:${palette[style.colour] ?? '#e6edf3'}"`
  const length = text.length > 1 ? ` textLength="${(text.length * cell.width).toFixed(1)}"` : ''
  return `<text x="${x}" y="${y}"${names && ` class="${names}"`}${fill}${length}>${escaped(text)}</text>`
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}
