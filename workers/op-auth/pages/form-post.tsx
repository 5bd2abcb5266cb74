import type { FC } from 'hono/jsx'
import { autoSubmitAsset } from './assets.ts'
import { Document } from '../../../shared/pages/document.tsx'
import type { PageProps } from './frame.ts'
import { CarriedForm } from '../../../shared/pages/carried-form.tsx'

export interface FormPostProps {
  /** The validated redirect URI. */
  readonly action: string
  /** The parameters of the authorization response. */
  readonly fields: Readonly<Record<string, string>>
}

/** The answer to a client that asked for response_mode=form_post; the button shows only where no script sent it. */
export const FormPost: FC<PageProps<FormPostProps>> = ({ frame, action, fields }) => {
  const words = frame.messages.formPost
  return (
    <Document frame={frame} title={words.heading} scripts={[autoSubmitAsset.path]}>
      <div class="stack">
        <h1>{words.heading}</h1>
        <p class="muted">{words.text}</p>
      </div>
      <CarriedForm action={action} fields={fields} submit={words.submit} />
    </Document>
  )
}
