import { html } from 'hono/html'
import { claimText, meanings } from './claims.ts'

export type Html = ReturnType<typeof html>

/** A page of the application. */
export function page(title: string, content: Html, head: Html | string = ''): Html {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width" />
        <title>${title} · Demo application</title>
        <link rel="stylesheet" href="/style.css" />
        <link rel="icon" href="data:," />
        ${head}
      </head>
      <body>
        <main>
          <h1>${title}</h1>
          ${content}
        </main>
      </body>
    </html>`
}

/** A button that posts. */
export function action(path: string, label: string): Html {
  return html`<form method="post" action="${path}"><button class="button" type="submit">${label}</button></form>`
}

/** Names and values, with what the names mean where that is known. */
export function claimsList(claims: object): Html {
  const rows = Object.entries(claims).map(([name, value]) => {
    const meaning = meanings[name] ?? ''
    return html`<div>
      <dt title="${meaning}">${name}</dt>
      <dd>${claimText(name, value)}</dd>
      ${meaning === '' ? '' : html`<dd class="dim">${meaning}</dd>`}
    </div>`
  })
  return html`<dl>${rows}</dl>`
}
