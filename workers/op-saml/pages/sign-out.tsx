import type { FC } from 'hono/jsx'
import { Document } from '../../../shared/pages/document.tsx'
import { Name } from '../../../shared/pages/parts.tsx'
import { goOnAsset } from './assets.ts'
import type { PageProps } from './frame.ts'

export interface SignOutProps {
  readonly partners: readonly { readonly name: string; readonly state: 'waiting' | 'asked' | 'done' | 'failed' }[]
  /** Who is told next, at an address of ours; a script follows it by itself. */
  readonly next?: { readonly name: string; readonly href: string } | undefined
  /** Where the person goes on; absent where nobody waits for them. */
  readonly finish?: string | undefined
}

/** Who was told of a sign-out and who could not be: each application once, in words and not by colour alone. */
export const SignOut: FC<PageProps<SignOutProps>> = ({ frame, partners, next, finish }) => {
  const words = frame.messages.signOut
  const isPartly = !next && partners.some(({ state }) => state !== 'done')
  const heading = next ? words.heading : isPartly ? words.headingPartly : words.headingDone
  return (
    <Document frame={frame} title={heading} scripts={next ? [goOnAsset.path] : []}>
      <div class="stack">
        <h1>{heading}</h1>
        <p class="muted">{words.text(<Name>{frame.branding.name}</Name>)}</p>
        {next && <p class="muted">{words.telling}</p>}
        {isPartly && <p class="muted">{words.partly}</p>}
      </div>
      {partners.length > 0 && (
        <section class="stack after">
          <h2>{words.list}</h2>
          <ul class="plain">
            {partners.map(({ name, state }) => (
              <li>
                <bdi>{name}</bdi>: <strong>{words.state[state]}</strong>
              </li>
            ))}
          </ul>
        </section>
      )}
      {next && (
        <div class="actions">
          <a class="button primary" href={next.href} data-go-on>
            <span>{words.next(<bdi>{next.name}</bdi>)}</span>
          </a>
        </div>
      )}
      {!next && finish !== undefined && (
        <div class="actions">
          <a class="button primary" href={finish}>
            {words.finish}
          </a>
        </div>
      )}
    </Document>
  )
}
