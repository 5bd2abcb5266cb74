import type { Child, FC } from 'hono/jsx'
import { initials } from './initials.ts'
import { safeImage, safeLink } from './links.ts'
import type { Frame } from './document.tsx'

/** Somebody's name in a sentence; isolated, so that its direction does not reorder the words around it. */
export const Name: FC<{ children?: Child }> = ({ children }) => (
  <strong>
    <bdi>{children}</bdi>
  </strong>
)

/** The client in a sentence: a small logo or initials, and its name. */
export const ClientName: FC<{ name: string; logo?: string | undefined }> = ({ name, logo }) => {
  const image = safeImage(logo)
  return (
    <>
      {image ? (
        <img class="mark tiny" src={image} alt="" width="22" height="22" />
      ) : (
        <span class="mark tiny" aria-hidden="true">
          {initials(name)}
        </span>
      )}{' '}
      <Name>{name}</Name>
    </>
  )
}

/** A person as others know them. */
export interface Person {
  readonly name?: string | undefined
  readonly email: string
}

/** A person with initials, name and mail. */
export const PersonLine: FC<{ person: Person; label?: string }> = ({ person: { name, email }, label }) => (
  <span class="person">
    <span class="mark round" aria-hidden="true">
      {initials(name ?? email)}
    </span>{' '}
    <span>
      {label && <span class="hidden">{`${label} `}</span>}
      <bdi class="name">{name ?? email}</bdi>
      {name !== undefined && (
        <>
          {' '}
          <bdi class="mail">{email}</bdi>
        </>
      )}
    </span>
  </span>
)

/** The summary of a failed submit. It takes the focus, so that it is what is read next. */
export const Problem: FC<{ what: string; todo: string }> = ({ what, todo }) => (
  <div class="problem stack" id="problem">
    <h2 tabindex={-1} autofocus>
      {what}
    </h2>
    <p>{todo}</p>
  </div>
)

/** Form fields that the person does not see. */
export const HiddenFields: FC<{ fields: Readonly<Record<string, string>> }> = ({ fields }) => (
  <>
    {Object.entries(fields).map(([name, value]) => (
      <input type="hidden" name={name} value={value} />
    ))}
  </>
)

/** Where a client's own words are to be found, as far as it registered them. */
export interface ClientLinks {
  readonly clientUri?: string | undefined
  readonly policyUri?: string | undefined
  readonly tosUri?: string | undefined
}

/** The client's policy, terms and home page. */
export const ClientLinkList: FC<{ frame: Frame; clientName: string; links: ClientLinks }> = (props) => {
  const { messages } = props.frame
  const links = [
    { href: safeLink(props.links.policyUri), words: messages.privacyPolicy },
    { href: safeLink(props.links.tosUri), words: messages.terms },
    { href: safeLink(props.links.clientUri), words: messages.website },
  ].filter(({ href }) => href !== undefined)
  if (links.length === 0) return null
  return (
    <p class="links small muted after">
      <span>{messages.moreAbout(<bdi>{props.clientName}</bdi>)}</span>{' '}
      {links.map(({ href, words }) => (
        <>
          <a href={href} rel="noreferrer">
            {words}
          </a>{' '}
        </>
      ))}
    </p>
  )
}
