import type { FC } from 'hono/jsx'
import { passwordAsset } from './assets.ts'
import { Document } from '../../../shared/pages/document.tsx'
import type { PageProps } from './frame.ts'
import { Field } from '../../../shared/pages/field.tsx'
import type { SignInProblem } from './messages/keys.ts'
import { type ClientLinks, ClientLinkList, ClientName, HiddenFields, Problem } from '../../../shared/pages/parts.tsx'
import { PasswordField } from './password-field.tsx'

export interface SignInProps extends ClientLinks {
  readonly interaction: string
  readonly csrf: string
  readonly clientName: string
  /** A `data:` image or a path on this origin; initials where there is none. */
  readonly clientLogo?: string | undefined
  /** What was typed, or the login hint. */
  readonly identifier?: string | undefined
  readonly error?: SignInProblem | undefined
  /** For `throttled` and `busy`. */
  readonly retryAfterSeconds?: number | undefined
  /** The person has a session, and the client or the operator wants it fresh. */
  readonly reason?: 'reauthenticate' | undefined
  /** Identity providers that the person may choose. */
  readonly providers?: readonly { readonly name: string; readonly address: string }[]
  /** An address alone may be enough, since its domain is an identity provider's. */
  readonly byAddress?: boolean
}

/** User name and password, posted to /signin as `identifier` and `password`; `action=cancel` gives up. */
export const SignIn: FC<PageProps<SignInProps>> = (props) => {
  const { frame, error } = props
  const words = frame.messages.signIn
  const client = <ClientName name={props.clientName} logo={props.clientLogo} />
  const again = props.reason === 'reauthenticate'
  const heading = again ? words.again : words.heading
  const [what, todo] = error ? words.problem[error](props.retryAfterSeconds) : []
  const missing = error === 'missing'
  const wrong = error === 'wrong_credentials'
  return (
    <Document frame={frame} title={heading} failed={error !== undefined} scripts={[passwordAsset.path]}>
      <div class="stack">
        <h1>{heading}</h1>
        <p class="muted">{again ? words.againFor(client) : words.continueTo(client)}</p>
      </div>
      {what && todo && <Problem what={what} todo={todo} />}
      <form method="post" action="/signin" novalidate={props.byAddress}>
        <HiddenFields fields={{ interaction: props.interaction, csrf: props.csrf }} />
        <Field
          name="identifier"
          label={words.identifier}
          value={props.identifier}
          autocomplete="username webauthn"
          inputmode="email"
          autofocus={!error && !props.identifier}
          invalid={wrong}
          describedBy={wrong ? 'problem' : undefined}
          error={missing && !props.identifier ? words.identifierMissing : undefined}
        />
        <PasswordField
          frame={frame}
          name="password"
          label={words.password}
          autocomplete="current-password"
          autofocus={!error && Boolean(props.identifier)}
          invalid={wrong}
          describedBy={wrong ? 'problem' : undefined}
          error={missing ? words.passwordMissing : undefined}
        />
        {props.byAddress && <p class="muted">{words.addressIsEnough}</p>}
        <div class="actions">
          <button type="submit" class="button primary">
            {words.submit}
          </button>
          <button type="submit" class="button quiet" name="action" value="cancel" formnovalidate>
            {frame.messages.cancel}
          </button>
        </div>
      </form>
      {props.providers && props.providers.length > 0 && (
        <nav class="actions" aria-label={words.otherWays}>
          {props.providers.map(({ name, address }) => (
            <a class="button" href={address}>
              {words.continueWith(name)}
            </a>
          ))}
        </nav>
      )}
      <ClientLinkList frame={frame} clientName={props.clientName} links={props} />
    </Document>
  )
}
