import type { Child, FC } from 'hono/jsx'
import { accentOf, type Branding } from './branding.ts'
import { initials } from './initials.ts'
import { safeImage } from './links.ts'
import type { Language } from './language.ts'
import { Name } from './parts.tsx'
import type { CommonWords } from './words.ts'

/** What every page is made with besides its own props. */
export interface Frame<Words extends CommonWords = CommonWords> extends Language<Words> {
  readonly branding: Branding
  /** Path of the stylesheet. */
  readonly stylesheet: string
  /** IANA name for the dates on the page; UTC where it is unknown. */
  readonly timeZone?: string
}

interface DocumentProps {
  readonly frame: Frame
  readonly title: string
  /** The page follows a failed submit: the title says so first, since it is what a screen reader reads first. */
  readonly failed?: boolean
  /** For pages that are lists rather than one question. */
  readonly wide?: boolean
  /** Paths of scripts on this origin. */
  readonly scripts?: readonly string[]
  readonly children?: Child
}

/** The HTML text of a page, from what a page function returned. */
export function renderPage(page: { toString(): string | Promise<string> }): string {
  const html = page.toString()
  // Pages wait for nothing, so that they never become promises.
  if (typeof html !== 'string') throw new TypeError('a page must be made at once')
  return `<!doctype html>${html}`
}

/** The layout of all pages. */
export const Document: FC<DocumentProps> = ({ frame, title, failed, wide, scripts = [], children }) => {
  const { branding, locale, dir, messages, stylesheet } = frame
  const pageTitle = messages.title(title, branding.name)
  return (
    <html lang={locale} dir={dir}>
      <head>
        <meta charset="utf-8" />
        <title>{failed ? messages.errorTitle(pageTitle) : pageTitle}</title>
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <meta name="robots" content="noindex" />
        <link rel="icon" href={icon(branding)} />
        <link rel="stylesheet" href={stylesheet} />
        {scripts.map((path) => (
          <script src={path} defer></script>
        ))}
      </head>
      <body>
        <div class={wide ? 'card wide' : 'card'}>
          <header class="operator">
            <OperatorMark branding={branding} /> <Name>{branding.name}</Name>
          </header>
          <main>{children}</main>
        </div>
        <footer class="page-end">
          <p>{messages.footer(<bdi>{branding.name}</bdi>)}</p>
        </footer>
      </body>
    </html>
  )
}

const OperatorMark: FC<{ branding: Branding }> = ({ branding }) => {
  const logo = safeImage(branding.logo)
  if (logo) return <img class="mark" src={logo} alt="" width="36" height="36" />
  return (
    <span class="mark" aria-hidden="true">
      {initials(branding.name)}
    </span>
  )
}

/** Without one of its own the page would make browsers ask for /favicon.ico. */
function icon(branding: Branding): string {
  const logo = safeImage(branding.logo)
  if (logo) return logo
  const tile = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 8"><rect width="8" height="8" rx="2" fill="${accentOf(branding)}"/></svg>`
  return `data:image/svg+xml,${encodeURIComponent(tile)}`
}
