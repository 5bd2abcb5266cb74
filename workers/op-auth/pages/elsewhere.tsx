import type { FC } from 'hono/jsx'
import { Document } from '../../../shared/pages/document.tsx'
import type { PageProps } from './frame.ts'

export interface ElsewhereProps {
  readonly providerName: string
  readonly address: string
}

/** Between our form and the person's identity provider: browsers do not let a form lead to whoever a redirect names. */
export const Elsewhere: FC<PageProps<ElsewhereProps>> = ({ frame, providerName, address }) => {
  const words = frame.messages.signIn
  return (
    <Document frame={frame} title={words.continueWith(providerName)}>
      <h1>{words.elsewhere}</h1>
      <a class="button primary" href={address}>
        {words.continueWith(providerName)}
      </a>
    </Document>
  )
}
