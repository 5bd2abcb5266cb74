import { usageError } from '../error.ts'

/** `name=value` pairs; a value that is JSON is taken as such, any other as text. */
export function assignments(pairs: readonly string[], option: string): Record<string, unknown> {
  return Object.fromEntries(
    pairs.map((pair) => {
      const at = pair.indexOf('=')
      if (at < 1) throw usageError(`${option} ${pair} is not name=value.`)
      return [pair.slice(0, at), jsonOrText(pair.slice(at + 1))]
    }),
  )
}

function jsonOrText(text: string): unknown {
  // A number stays text: postal codes and telephone numbers are no numbers.
  if (!/^(?:[[{"]|true$|false$)/.test(text)) return text
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
