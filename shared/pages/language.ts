import type { CommonWords } from './words.ts'

/** The language of a page: its catalogue, and how it writes dates and in which direction it is read. */
export interface Language<Words extends CommonWords> {
  /** The tag asked for, where its language is offered: `en-GB` for dates as the British write them. */
  readonly locale: string
  readonly dir: 'ltr' | 'rtl'
  readonly messages: Words
}

const rightToLeft = new Set(['ar', 'ckb', 'dv', 'fa', 'he', 'ps', 'sd', 'ug', 'ur', 'yi'])

/** The first language that is wanted and offered: by `ui_locales` (Core §3.1.2.1), then by `Accept-Language`. */
export function languageFor<Words extends CommonWords>(
  catalogues: { readonly en: Words } & Readonly<Record<string, Words>>,
  uiLocales: string | undefined,
  acceptLanguage: string | null | undefined,
): Language<Words> {
  for (const tag of [...(uiLocales ?? '').split(' '), ...byPreference(acceptLanguage ?? '')]) {
    const locale = canonical(tag)
    const language = locale?.split('-')[0] ?? ''
    const messages = Object.hasOwn(catalogues, language) ? catalogues[language] : undefined
    if (locale && messages) return { locale, dir: rightToLeft.has(language) ? 'rtl' : 'ltr', messages }
  }
  return { locale: 'en', dir: 'ltr', messages: catalogues.en }
}

/** The tags of an `Accept-Language` header (RFC 9110 §12.5.4), most wanted first. */
function byPreference(header: string): string[] {
  return header
    .slice(0, 500)
    .split(',')
    .map((item) => {
      const [tag = '', ...parameters] = item.split(';').map((part) => part.trim())
      const quality = parameters.find((parameter) => /^q=/i.test(parameter))
      return { tag, quality: quality === undefined ? 1 : Number(quality.slice(2)) }
    })
    .filter(({ quality }) => quality > 0)
    .toSorted((one, other) => other.quality - one.quality)
    .map(({ tag }) => tag)
}

function canonical(tag: string): string | undefined {
  try {
    return tag === '' || tag.length > 35 ? undefined : Intl.getCanonicalLocales(tag)[0]
  } catch {
    return undefined
  }
}
