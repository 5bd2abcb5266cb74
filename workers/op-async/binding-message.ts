import { OAuthError } from '../../shared/protocol/error.ts'

/** What a person can compare at a glance. Characters. */
const longest = 100

/** Control and format characters (bidi among them), line breaks, and stacks of accents that cover other lines. */
const unprintable = /[\p{C}\p{Zl}\p{Zp}]|\p{M}{4}/u

/** Markup, and what would read like an address to go to. */
const misleading = /[<>]|:\/\/|www\./i

/**
 * A message that both devices show: short plain text.
 * @throws OAuthError invalid_binding_message (CIBA §13)
 */
export function bindingMessage(text: string | undefined): string | undefined {
  if (text === undefined) return undefined
  if ([...text].length > longest || unprintable.test(text) || misleading.test(text) || text.trim() === '')
    throw new OAuthError('invalid_binding_message', `the message must be plain text of at most ${longest} characters`)
  return text
}
