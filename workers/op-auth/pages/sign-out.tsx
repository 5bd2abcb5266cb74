import type { FC } from 'hono/jsx'
import { Document } from '../../../shared/pages/document.tsx'
import type { PageProps } from './frame.ts'
import { safeLink } from '../../../shared/pages/links.ts'
import { ClientName, HiddenFields, Name, type Person, PersonLine } from '../../../shared/pages/parts.tsx'

export interface ConfirmSignOutProps {
  readonly csrf: string
  /** The parameters of the request, to be repeated with the answer. */
  readonly parameters: Readonly<Record<string, string>>
  /** Everybody signed in to this browser: all of them are signed out. */
  readonly users: readonly Person[]
  /** The client that asked, where one did. */
  readonly clientName?: string | undefined
}

/** Asks before ending a session that nobody proved to be theirs to end; posted to /logout. */
export const ConfirmSignOut: FC<PageProps<ConfirmSignOutProps>> = (props) => {
  const { frame, clientName } = props
  const { signOut: words, signedInAs } = frame.messages
  return (
    <Document frame={frame} title={words.heading}>
      <div class="stack">
        <h1>{words.heading}</h1>
        {clientName !== undefined && <p class="muted">{words.asked(<ClientName name={clientName} />)}</p>}
        <p class="muted">{words.effect}</p>
      </div>
      {props.users.map((user) => (
        <div class="who">
          <PersonLine person={user} label={signedInAs} />
        </div>
      ))}
      <form method="post" action="/logout">
        <HiddenFields fields={{ ...props.parameters, csrf: props.csrf }} />
        <div class="actions">
          <button type="submit" class="button primary">
            {words.submit}
          </button>
          <a class="button quiet" href="/account">
            {words.stay}
          </a>
        </div>
      </form>
    </Document>
  )
}

export interface SignedOutProps {
  readonly clientName?: string | undefined
  /** Where the client wants the person next; already checked against its registration. */
  readonly returnUri?: string | undefined
}

/** Says that the session has ended, and leads back. */
export const SignedOut: FC<PageProps<SignedOutProps>> = ({ frame, clientName, returnUri }) => {
  const words = frame.messages.signedOut
  const back = safeLink(returnUri)
  return (
    <Document frame={frame} title={words.heading}>
      <div class="stack">
        <h1>{words.heading}</h1>
        <p class="muted">{words.text(<Name>{frame.branding.name}</Name>)}</p>
        <p class="muted">{words.others}</p>
      </div>
      {back && (
        <div class="actions">
          <a class="button primary" href={back} rel="noreferrer">
            <span>{clientName === undefined ? words.backUnnamed : words.back(<bdi>{clientName}</bdi>)}</span>
          </a>
        </div>
      )}
    </Document>
  )
}
