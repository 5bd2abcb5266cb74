// C0, DEL and C1 move cursors and recolour; the bidirectional overrides show text in another order than it has.
// oxlint-disable-next-line no-control-regex
const UNSAFE = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g

/** Text from outside as it may reach a terminal: one line, nothing that a terminal would obey. */
export function sanitize(text: string): string {
  return text.replace(UNSAFE, (character) => (character === '\n' || character === '\t' ? ' ' : ''))
}

/** The same value, with what a terminal would obey written as escapes. */
export function safeJson(value: unknown, indent?: number): string {
  const json: string | undefined = JSON.stringify(value, undefined, indent)
  return (json ?? 'null').replace(UNSAFE, (character) =>
    character === '\n' ? character : `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}
