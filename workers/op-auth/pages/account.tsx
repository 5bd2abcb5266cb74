import type { FC } from 'hono/jsx'
import { describeUserAgent } from './device.ts'
import { Document } from '../../../shared/pages/document.tsx'
import type { Frame, PageProps } from './frame.ts'
import type { Messages } from './messages/en.ts'
import type { EventAction } from './messages/keys.ts'
import { HiddenFields, Name, type Person, PersonLine } from '../../../shared/pages/parts.tsx'
import { ScopeWords } from '../../../shared/pages/scopes.tsx'

/** A browser session of the person. Times are seconds. */
export interface AccountSession {
  readonly id: string
  /** The one that asks. */
  readonly current: boolean
  readonly userAgent: string
  readonly address: string
  readonly createdAt: number
  readonly lastSeenAt: number
  /** Names of the clients signed in to. */
  readonly clients: readonly string[]
}

export interface AccountConsent {
  readonly clientId: string
  readonly clientName: string
  readonly scopes: readonly string[]
  readonly grantedAt: number
}

export interface AccountEvent {
  readonly time: number
  readonly action: EventAction
  readonly address?: string | undefined
  readonly clientName?: string | undefined
}

export interface AccountProps {
  readonly csrf: string
  readonly user: Person
  readonly sessions: readonly AccountSession[]
  readonly consents: readonly AccountConsent[]
  /** Newest first. */
  readonly events: readonly AccountEvent[]
  /** What was just done. */
  readonly notice?: keyof Messages['account']['notice'] | undefined
}

/** The person's own page: posts to /account/sessions/end (`session`) and /account/consents/revoke (`client_id`). */
export const Account: FC<PageProps<AccountProps>> = (props) => {
  const { frame, notice, csrf } = props
  const words = frame.messages.account
  const others = props.sessions.some(({ current }) => !current)
  return (
    <Document frame={frame} title={words.heading} wide>
      <div class="head">
        <h1>{words.heading}</h1>
        <a class="button slim" href="/logout">
          {words.signOut}
        </a>
      </div>
      {notice && (
        <p class="notice" role="status">
          {words.notice[notice]}
        </p>
      )}
      <div class="who">
        <PersonLine person={props.user} label={frame.messages.signedInAs} />
        <a class="small tall" href="/account/password">
          {words.changePassword}
        </a>
      </div>

      <section aria-labelledby="sessions">
        <div class="head">
          <h2 id="sessions">{words.sessions}</h2>
          {others && (
            <form method="post" action="/account/sessions/end">
              <HiddenFields fields={{ csrf, session: 'all' }} />
              <button type="submit" class="as-link">
                {words.endOthers}
              </button>
            </form>
          )}
        </div>
        <ul class="rows">
          {props.sessions.map((session) => (
            <SessionRow frame={frame} csrf={csrf} session={session} />
          ))}
        </ul>
      </section>

      <section aria-labelledby="consents">
        <div class="head">
          <h2 id="consents">{words.consents}</h2>
        </div>
        {props.consents.length === 0 ? (
          <p class="muted">{words.noConsents}</p>
        ) : (
          <ul class="rows">
            {props.consents.map((consent) => (
              <ConsentRow frame={frame} csrf={csrf} consent={consent} />
            ))}
          </ul>
        )}
      </section>

      <section aria-labelledby="events">
        <div class="head">
          <h2 id="events">{words.events}</h2>
        </div>
        {props.events.length === 0 ? (
          <p class="muted">{words.noEvents}</p>
        ) : (
          <ul class="rows events">
            {props.events.map((event) => (
              <EventRow frame={frame} event={event} />
            ))}
          </ul>
        )}
      </section>
    </Document>
  )
}

const SessionRow: FC<{ frame: Frame; csrf: string; session: AccountSession }> = ({ frame, csrf, session }) => {
  const words = frame.messages.account
  const { browser, system } = describeUserAgent(session.userAgent)
  const device = words.device(browser, system)
  return (
    <li>
      <div>
        <p class="name">
          {device}
          {session.current && (
            <>
              {' '}
              <span class="badge here">{words.current}</span>
            </>
          )}
        </p>
        <p class="small muted">
          {words.lastUsed(<Time frame={frame} seconds={session.lastSeenAt} />)}{' '}
          {words.from(<bdi>{session.address}</bdi>)}
        </p>
        <p class="small muted">{words.signedIn(<Time frame={frame} seconds={session.createdAt} />)}</p>
        {session.clients.length > 0 && (
          <p class="small muted">
            {words.usedFor} {listed(frame, session.clients)}
          </p>
        )}
      </div>
      {!session.current && (
        <form method="post" action="/account/sessions/end">
          <HiddenFields fields={{ csrf, session: session.id }} />
          <button type="submit" class="button slim" aria-label={words.endDevice(device)}>
            {words.end}
          </button>
        </form>
      )}
    </li>
  )
}

const ConsentRow: FC<{ frame: Frame; csrf: string; consent: AccountConsent }> = ({ frame, csrf, consent }) => {
  const words = frame.messages.account
  return (
    <li>
      <div>
        <p>
          <Name>{consent.clientName}</Name>
        </p>
        <ul class="small muted">
          {consent.scopes.map((scope) => (
            <li>
              <ScopeWords messages={frame.messages} scope={scope} />
            </li>
          ))}
        </ul>
        <p class="small muted">{words.granted(<Time frame={frame} seconds={consent.grantedAt} />)}</p>
      </div>
      <form method="post" action="/account/consents/revoke">
        <HiddenFields fields={{ csrf, client_id: consent.clientId }} />
        <button type="submit" class="button slim" aria-label={words.revokeFrom(consent.clientName)}>
          {words.revoke}
        </button>
      </form>
    </li>
  )
}

const EventRow: FC<{ frame: Frame; event: AccountEvent }> = ({ frame, event }) => {
  const words = frame.messages.account
  return (
    <li>
      <span>
        <span class="name">{words.event[event.action]}</span>
        {event.clientName !== undefined && (
          <>
            {' · '}
            <bdi>{event.clientName}</bdi>
          </>
        )}
        {event.address !== undefined && <span class="muted"> {words.from(<bdi>{event.address}</bdi>)}</span>}
      </span>{' '}
      <span class="muted">
        <Time frame={frame} seconds={event.time} />
      </span>
    </li>
  )
}

const Time: FC<{ frame: Frame; seconds: number }> = ({ frame, seconds }) => {
  const date = new Date(seconds * 1000)
  const format = new Intl.DateTimeFormat(frame.locale, {
    day: 'numeric',
    month: 'short',
    year: 'numeric',
    hour: 'numeric',
    minute: '2-digit',
    timeZone: frame.timeZone ?? 'UTC',
    timeZoneName: 'short',
  })
  return (
    <time datetime={date.toISOString()} dir="auto">
      {format.format(date)}
    </time>
  )
}

/** Names as the language enumerates them, each isolated in its direction. */
function listed({ locale }: Frame, names: readonly string[]) {
  const parts = new Intl.ListFormat(locale, { type: 'conjunction' }).formatToParts(names)
  return parts.map(({ type, value }) => (type === 'element' ? <bdi>{value}</bdi> : value))
}
