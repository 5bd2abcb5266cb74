/** A piece of a terminal's line in one style. */
export interface Piece {
  readonly text: string
  /** Column of its first character, from 0. */
  readonly column: number
  readonly style: Style
}

export interface Style {
  readonly bold?: boolean
  readonly dim?: boolean
  /** Number of one of the sixteen colours. */
  readonly colour?: number
}

/** The pieces of a line with SGR codes; where two spaces or more make a column, a new one begins. */
export function piecesOf(line: string): Piece[] {
  const pieces: Piece[] = []
  let style: Style = {}
  let column = 0
  // oxlint-disable-next-line no-control-regex
  for (const [, codes, text] of line.matchAll(/\u001b\[([\d;]*)m|([^\u001b]+)/g)) {
    if (text === undefined) style = styleAfter(style, codes ?? '')
    else {
      for (const { 0: words, index } of text.matchAll(/\S+(?: \S+)*/g))
        pieces.push({ text: words, column: column + index, style })
      column += text.length
    }
  }
  return pieces
}

function styleAfter(style: Style, codes: string): Style {
  let next = style
  for (const code of codes.split(';').map(Number)) {
    if (code === 0) next = {}
    else if (code === 1) next = { ...next, bold: true }
    else if (code === 2) next = { ...next, dim: true }
    else if (code === 22) next = { ...next, bold: false, dim: false }
    else if (code === 39) next = withoutColour(next)
    else if (code >= 30 && code <= 37) next = { ...next, colour: code - 30 }
    else if (code >= 90 && code <= 97) next = { ...next, colour: code - 82 }
  }
  return next
}

function withoutColour({ bold = false, dim = false }: Style): Style {
  return { bold, dim }
}
