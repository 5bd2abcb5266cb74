/** One thing wrong in authrim.json: where, what stands there, and what would be accepted. */
export class ConfigError extends Error {
  readonly path: string
  readonly value: unknown
  readonly expected: string

  constructor(path: string, value: unknown, expected: string) {
    super(`authrim.json: ${path || 'the document'} is ${describe(value)}; accepted: ${expected}`)
    this.name = 'ConfigError'
    this.path = path
    this.value = value
    this.expected = expected
  }
}

/** A value as one short line that is safe on a terminal. */
function describe(value: unknown): string {
  if (value === undefined) return 'missing'
  if (typeof value === 'object' && value !== null) return Array.isArray(value) ? 'a list' : 'an object'
  const text = escapeControls(JSON.stringify(value))
  return text.length > 80 ? `${text.slice(0, 79)}…` : text
}

/** JSON leaves C1 controls and direction marks as they are; a terminal would obey them. */
export function escapeControls(text: string): string {
  return text.replaceAll(
    /[\p{Cc}\p{Cf}\u2028\u2029]/gu,
    (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`,
  )
}

/** Appends a member to a JSON path; names that need it are quoted. */
export function memberPath(path: string, key: string): string {
  const safe = /^[A-Za-z_$][\w$-]*$/.test(key) ? key : undefined
  if (safe === undefined) return `${path}[${escapeControls(JSON.stringify(key.slice(0, 60)))}]`
  return path === '' ? safe : `${path}.${safe}`
}
