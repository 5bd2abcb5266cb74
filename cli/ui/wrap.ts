/**
 * Breaks a plain line between words; what follows the first line is indented. A word that is longer than a line stays
 * whole, so that addresses and paths can be copied.
 * @param width columns of a line, the indentation included.
 */
export function wrap(line: string, width: number, indent: string): string {
  const lines: string[] = []
  let current = ''
  for (const word of line.split(' ')) {
    const longer = current === '' ? word : `${current} ${word}`
    if (current !== '' && indent.length + longer.length > width) {
      lines.push(current)
      current = word
    } else current = longer
  }
  return [...lines, current].join(`\n${indent}`)
}
