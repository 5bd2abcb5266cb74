import type { FC } from 'hono/jsx'
import { Document } from '../../../shared/pages/document.tsx'
import {
  type ClientLinks,
  ClientLinkList,
  HiddenFields,
  Name,
  type Person,
  PersonLine,
} from '../../../shared/pages/parts.tsx'
import type { AskRequest } from '../../../shared/protocol/ask.ts'
import { Asked } from './asked.tsx'
import { Facts } from './facts.tsx'
import type { PageProps } from './frame.ts'

interface ConfirmDeviceProps extends ClientLinks {
  readonly csrf: string
  /** As the device shows it. */
  readonly userCode: string
  readonly request: AskRequest
  readonly clientName: string
  readonly user: Person
  /** Where another account is chosen. */
  readonly otherAccount: string
}

/** Asks whether a device may have access, posted to /device as `action`: `allow` or `deny`. */
export const ConfirmDevice: FC<PageProps<ConfirmDeviceProps>> = (props) => {
  const { frame, clientName } = props
  const { confirmDevice: words, notYou, signedInAs } = frame.messages
  return (
    <Document frame={frame} title={words.title(clientName)}>
      <div class="stack">
        <h1>{words.heading(<Name>{clientName}</Name>)}</h1>
        <p class="muted">{words.compare}</p>
      </div>
      <p class="shown">{props.userCode}</p>
      <Facts frame={frame} request={props.request} />
      <p class="warning">{words.warning}</p>
      <section aria-labelledby="asks">
        <h2 id="asks">{words.asks(<Name>{clientName}</Name>)}</h2>
        <Asked frame={frame} request={props.request} />
      </section>
      <div class="who">
        <PersonLine person={props.user} label={signedInAs} />
        <a class="small tall" href={props.otherAccount}>
          {notYou}
        </a>
      </div>
      <form method="post" action="/device">
        <HiddenFields fields={{ csrf: props.csrf, user_code: props.userCode }} />
        <div class="actions pair">
          <button type="submit" class="button" name="action" value="deny">
            {words.deny}
          </button>
          <button type="submit" class="button primary" name="action" value="allow">
            {words.allow}
          </button>
        </div>
      </form>
      <ClientLinkList frame={frame} clientName={clientName} links={props} />
    </Document>
  )
}
