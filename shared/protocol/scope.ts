import { OAuthError } from './error.ts'

/** RFC 6749 §3.3: tokens of printable ASCII without quote and backslash. */
const syntax = /^[\x21\x23-\x5b\x5d-\x7e]+$/

/** Longer than any honest request; a longer one is refused before work is spent on it. */
const maximumLength = 2048

/**
 * The scope tokens of a parameter, each once, in the order given (RFC 6749 §3.3).
 * @throws OAuthError invalid_scope
 */
export function parseScope(value: string | undefined): string[] {
  if (value === undefined) return []
  if (value.length > maximumLength) throw new OAuthError('invalid_scope', 'scope is too long')
  const tokens = value.split(' ').filter((token) => token !== '')
  if (!tokens.every((token) => syntax.test(token))) throw new OAuthError('invalid_scope', 'scope is malformed')
  return [...new Set(tokens)]
}

/** Those of `wanted` that `allowed` has; others are dropped and the answer names what was granted. */
export function permittedScope(wanted: readonly string[], allowed: readonly string[]): string[] {
  return wanted.filter((token) => allowed.includes(token))
}

/**
 * The scope of a refreshed token: as granted, or what was asked of it (RFC 6749 §6).
 * @throws OAuthError invalid_scope if more is asked than was granted.
 */
export function narrowedScope(granted: readonly string[], asked: string | undefined): string[] {
  if (asked === undefined) return [...granted]
  const wanted = parseScope(asked)
  if (!wanted.every((token) => granted.includes(token)))
    throw new OAuthError('invalid_scope', 'scope exceeds what was granted')
  return wanted
}
