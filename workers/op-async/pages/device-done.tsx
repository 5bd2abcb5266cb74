import type { FC } from 'hono/jsx'
import { Document } from '../../../shared/pages/document.tsx'
import { Name } from '../../../shared/pages/parts.tsx'
import type { PageProps } from './frame.ts'

interface DeviceDoneProps {
  readonly decision: 'allowed' | 'denied'
  readonly clientName: string
}

/** Says what was decided about a device. */
export const DeviceDone: FC<PageProps<DeviceDoneProps>> = ({ frame, decision, clientName }) => {
  const words = frame.messages.deviceDone
  const text = decision === 'allowed' ? words.allowedText : words.deniedText
  return (
    <Document frame={frame} title={words[decision]}>
      <div class="stack" role="status">
        <h1>{words[decision]}</h1>
        <p class="muted">{text(<Name>{clientName}</Name>)}</p>
      </div>
      <p class="after">
        <a href="/account">{words.account}</a>
      </p>
    </Document>
  )
}
