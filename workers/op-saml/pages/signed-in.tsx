import type { FC } from 'hono/jsx'
import { Document } from '../../../shared/pages/document.tsx'
import { Name, PersonLine } from '../../../shared/pages/parts.tsx'
import type { PageProps } from './frame.ts'

/** Who is signed in in a browser, and how. */
export interface SignedInHere {
  readonly name: string
  readonly email: string
  /** Seconds. */
  readonly signedInAt: number
  /** Values of `amr`, as far as they are known. */
  readonly methods: readonly string[]
  /** SAML partners of the session. */
  readonly partners: readonly {
    readonly role: 'idp' | 'sp'
    readonly entityId: string
    readonly name: string
    readonly nameIdFormat: string
  }[]
}

/** Tells somebody through whom they are signed in, and to which applications. */
export const SignedInPage: FC<PageProps<{ readonly here: SignedInHere | undefined }>> = ({ frame, here }) => {
  const words = frame.messages.signedIn
  if (!here)
    return (
      <Document frame={frame} title={words.nobody}>
        <h1>{words.nobody}</h1>
        <div class="actions">
          <a class="button primary" href="/account">
            {words.signIn}
          </a>
        </div>
      </Document>
    )
  const providers = here.partners.filter(({ role }) => role === 'idp')
  const applications = here.partners.filter(({ role }) => role === 'sp')
  const time = new Intl.DateTimeFormat(frame.locale, {
    dateStyle: 'medium',
    timeStyle: 'short',
    timeZone: frame.timeZone,
  }).format(here.signedInAt * 1000)
  return (
    <Document frame={frame} title={words.heading}>
      <h1>{words.heading}</h1>
      <p>
        <PersonLine person={here.name === here.email ? { email: here.email } : here} />
      </p>
      <p class="muted">
        {providers[0] ? words.through(<Name>{providers[0].name}</Name>, time) : words.byPassword(time)}
      </p>
      {applications.length > 0 && (
        <section class="stack after">
          <h2>{words.applications}</h2>
          <ul class="plain">
            {applications.map(({ name }) => (
              <li>
                <bdi>{name}</bdi>
              </li>
            ))}
          </ul>
        </section>
      )}
      <div class="actions">
        <a class="button" href="/logout">
          {words.signOut}
        </a>
      </div>
    </Document>
  )
}
