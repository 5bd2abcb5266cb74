import type { FC } from 'hono/jsx'
import { Document } from '../../../shared/pages/document.tsx'
import type { PageProps } from './frame.ts'
import {
  type ClientLinks,
  ClientLinkList,
  ClientName,
  HiddenFields,
  type Person,
  PersonLine,
} from '../../../shared/pages/parts.tsx'
import { ScopeDetail, ScopeWords } from '../../../shared/pages/scopes.tsx'

export interface ConsentProps extends ClientLinks {
  readonly interaction: string
  readonly csrf: string
  readonly clientName: string
  readonly clientLogo?: string | undefined
  readonly user: Person
  /** What is asked; `isNew` marks what was not allowed before. */
  readonly scopes: readonly { readonly scope: string; readonly isNew: boolean }[]
  /** Resource indicators (RFC 8707) the tokens would be for. */
  readonly resources?: readonly string[] | undefined
}

/** What the client would like to do, posted to /consent as `action`: `allow` or `deny`. */
export const Consent: FC<PageProps<ConsentProps>> = (props) => {
  const { frame, scopes, resources = [] } = props
  const { consent: words, notYou, signedInAs } = frame.messages
  const hidden = { interaction: props.interaction, csrf: props.csrf }
  // Where everything is new, marking each line would say nothing.
  const marks = scopes.some(({ isNew }) => !isNew)
  return (
    <Document frame={frame} title={words.title(props.clientName)}>
      <h1>{words.heading(<ClientName name={props.clientName} logo={props.clientLogo} />)}</h1>
      <ul class="asks">
        {scopes.map(({ scope, isNew }) => (
          <li>
            <ScopeWords messages={frame.messages} scope={scope} />
            {marks && isNew && (
              <>
                {' '}
                <span class="badge">{words.fresh}</span>
              </>
            )}
            <ScopeDetail messages={frame.messages} scope={scope} />
          </li>
        ))}
        {resources.map((resource) => (
          <li>
            {frame.messages.use(
              <code>
                <bdi>{resource}</bdi>
              </code>,
            )}
          </li>
        ))}
      </ul>
      <form method="post" action="/select-account" class="who">
        <HiddenFields fields={hidden} />
        <PersonLine person={props.user} label={signedInAs} />
        <button type="submit" class="as-link" name="account" value="other">
          {notYou}
        </button>
      </form>
      <form method="post" action="/consent">
        <HiddenFields fields={hidden} />
        <div class="actions pair">
          <button type="submit" class="button" name="action" value="deny">
            {words.deny}
          </button>
          <button type="submit" class="button primary" name="action" value="allow">
            {words.allow}
          </button>
        </div>
      </form>
      <p class="hint">{words.later}</p>
      <ClientLinkList frame={frame} clientName={props.clientName} links={props} />
    </Document>
  )
}
