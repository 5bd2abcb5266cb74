import type { FC } from 'hono/jsx'
import { Document } from '../../../shared/pages/document.tsx'
import { CarriedForm } from '../../../shared/pages/carried-form.tsx'
import { Name } from '../../../shared/pages/parts.tsx'
import { goOnAsset } from './assets.ts'
import type { PageProps } from './frame.ts'

export interface SendProps {
  readonly partnerName: string
  /** An address of the partner's metadata. */
  readonly action: string
  readonly fields: Readonly<Record<string, string>>
}

/** Carries a message to a partner (Bindings §3.5.4); the button is for browsers in which no script sends it. */
export const Send: FC<PageProps<SendProps>> = ({ frame, partnerName, action, fields }) => {
  const words = frame.messages.send
  return (
    <Document frame={frame} title={words.heading} scripts={[goOnAsset.path]}>
      <div class="stack">
        <h1>{words.heading}</h1>
        <p class="muted">{words.text(<Name>{partnerName}</Name>)}</p>
      </div>
      <CarriedForm action={action} fields={fields} submit={words.submit} />
    </Document>
  )
}
