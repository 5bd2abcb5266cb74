import type { FC } from 'hono/jsx'
import { Document } from '../../../shared/pages/document.tsx'
import { Field } from '../../../shared/pages/field.tsx'
import { ClientName, HiddenFields, Name, type Person, PersonLine } from '../../../shared/pages/parts.tsx'
import type { AskRequest } from '../../../shared/protocol/ask.ts'
import { Asked } from './asked.tsx'
import { liveAsset } from './assets.ts'
import { Facts, Time } from './facts.tsx'
import type { Frame, PageProps } from './frame.ts'

export const notices = [
  'approved',
  'denied',
  'over',
  'stopped',
  'resumed',
  'code_set',
  'code_removed',
  'code_wrong',
] as const

/** What was just done. */
export type Notice = (typeof notices)[number]

/** Something for the person to decide. */
export interface WaitingAsk {
  readonly id: string
  readonly clientId: string
  readonly clientName: string
  readonly request: AskRequest
}

interface ApprovalsProps {
  readonly csrf: string
  readonly user: Person
  readonly asks: readonly WaitingAsk[]
  readonly stopped: readonly { readonly clientId: string; readonly clientName: string; readonly stoppedAt: number }[]
  readonly hasCode: boolean
  readonly notice?: Notice | undefined
}

/** What waits for the person, posted to /approvals as `action` with `request` or `client_id`. */
export const Approvals: FC<PageProps<ApprovalsProps>> = (props) => {
  const { frame, csrf, asks, notice } = props
  const { approvals: words, signedInAs, notYou } = frame.messages
  return (
    <Document frame={frame} title={words.heading} scripts={[liveAsset.path]}>
      <h1>{words.heading}</h1>
      {notice && (
        <p class={notice === 'over' || notice === 'code_wrong' ? 'warning' : 'notice'} role="status">
          {words.notice[notice]}
        </p>
      )}
      <div data-live={asks.map(({ id }) => id).join(' ')} aria-live="polite">
        {asks.length === 0 && (
          <p class="muted">
            {words.none}{' '}
            <a class="tall" href="/approvals" data-reload="">
              {words.reload}
            </a>
          </p>
        )}
        {asks.map((ask) => (
          <AskCard frame={frame} csrf={csrf} ask={ask} />
        ))}
      </div>
      <div class="who">
        <PersonLine person={props.user} label={signedInAs} />
        <a class="small tall" href="/signin?return_to=%2Fapprovals">
          {notYou}
        </a>
      </div>
      <Stopped {...props} />
      <Code {...props} />
    </Document>
  )
}

const AskCard: FC<{ frame: Frame; csrf: string; ask: WaitingAsk }> = ({ frame, csrf, ask }) => {
  const words = frame.messages.approvals
  const { clientName, request } = ask
  return (
    <article aria-labelledby={`ask-${ask.id}`}>
      <h2 id={`ask-${ask.id}`}>{words.asks(<ClientName name={clientName} />)}</h2>
      {request.bindingMessage !== undefined && (
        <>
          <p class="small muted">{words.message}</p>
          <p class="message">
            <bdi>{request.bindingMessage}</bdi>
          </p>
        </>
      )}
      <Facts frame={frame} request={request} />
      <Asked frame={frame} request={request} />
      <p class="warning">{words.warning}</p>
      <form method="post" action="/approvals">
        <HiddenFields fields={{ csrf, request: ask.id, client_id: ask.clientId }} />
        <div class="actions pair">
          <button type="submit" class="button" name="action" value="deny" aria-label={words.denyFor(clientName)}>
            {words.deny}
          </button>
          <button
            type="submit"
            class="button primary"
            name="action"
            value="approve"
            aria-label={words.approveFor(clientName)}
          >
            {words.approve}
          </button>
        </div>
        <button type="submit" class="as-link" name="action" value="stop">
          {words.stop(clientName)}
        </button>
      </form>
    </article>
  )
}

const Stopped: FC<PageProps<ApprovalsProps>> = ({ frame, csrf, stopped }) => {
  const words = frame.messages.approvals
  if (stopped.length === 0) return null
  return (
    <section aria-labelledby="stopped">
      <h2 id="stopped">{words.stopped}</h2>
      <ul class="rows">
        {stopped.map(({ clientId, clientName, stoppedAt }) => (
          <li>
            <div>
              <Name>{clientName}</Name>
              <p class="small muted">{words.since(<Time frame={frame} seconds={stoppedAt} />)}</p>
            </div>
            <form method="post" action="/approvals">
              <HiddenFields fields={{ csrf, client_id: clientId }} />
              <button
                type="submit"
                class="button slim"
                name="action"
                value="resume"
                aria-label={words.resumeFor(clientName)}
              >
                {words.resume}
              </button>
            </form>
          </li>
        ))}
      </ul>
    </section>
  )
}

const Code: FC<PageProps<ApprovalsProps>> = ({ frame, csrf, hasCode }) => {
  const words = frame.messages.approvals
  return (
    <section aria-labelledby="code-heading">
      <h2 id="code-heading">{words.code}</h2>
      <p class="small muted">{hasCode ? words.codeSet : words.codeText}</p>
      <form method="post" action="/approvals">
        <HiddenFields fields={{ csrf, action: 'set_code' }} />
        <Field name="code" label={words.codeLabel} autocomplete="off" maxlength={32} hint={words.codeHint} />
        <div class="actions">
          <button type="submit" class="button">
            {words.codeSave}
          </button>
        </div>
      </form>
      {hasCode && (
        <form method="post" action="/approvals">
          <HiddenFields fields={{ csrf }} />
          <button type="submit" class="as-link" name="action" value="remove_code">
            {words.codeRemove}
          </button>
        </form>
      )}
    </section>
  )
}
