import type { FC } from 'hono/jsx'
import { Document } from '../../../shared/pages/document.tsx'
import type { PageProps } from './frame.ts'
import { ClientName, HiddenFields, type Person, PersonLine } from '../../../shared/pages/parts.tsx'

export interface SelectAccountProps {
  readonly interaction: string
  readonly csrf: string
  readonly clientName: string
  readonly clientLogo?: string | undefined
  readonly accounts: readonly (Person & { readonly sub: string })[]
}

/** The accounts signed in here, posted to /select-account as `account`: a subject, or `other`. */
export const SelectAccount: FC<PageProps<SelectAccountProps>> = (props) => {
  const { frame, accounts } = props
  const { selectAccount: words, signIn } = frame.messages
  return (
    <Document frame={frame} title={words.heading}>
      <div class="stack">
        <h1>{words.heading}</h1>
        <p class="muted">{signIn.continueTo(<ClientName name={props.clientName} logo={props.clientLogo} />)}</p>
      </div>
      <form method="post" action="/select-account">
        <HiddenFields fields={{ interaction: props.interaction, csrf: props.csrf }} />
        <ul class="choices">
          {accounts.map((account) => (
            <li>
              <button type="submit" class="button choice" name="account" value={account.sub}>
                <PersonLine person={account} />
              </button>
            </li>
          ))}
          <li>
            <button type="submit" class="button choice" name="account" value="other">
              <span class="person">
                <span class="mark round plus" aria-hidden="true">
                  +
                </span>
                <span>{words.another}</span>
              </span>
            </button>
          </li>
        </ul>
      </form>
    </Document>
  )
}
