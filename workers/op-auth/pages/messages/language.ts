import { type Language, languageFor } from '../../../../shared/pages/language.ts'
import { en, type Messages } from './en.ts'

/** The language of a page, by `ui_locales` and `Accept-Language`. */
export function messagesFor(
  uiLocales: string | undefined,
  acceptLanguage: string | null | undefined,
): Language<Messages> {
  return languageFor({ en }, uiLocales, acceptLanguage)
}
