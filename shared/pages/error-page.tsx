import type { FC } from 'hono/jsx'
import { Document, type Frame } from './document.tsx'
import type { ErrorWords } from './words.ts'

export interface ErrorPageProps {
  readonly words: ErrorWords
  /** By which support finds the request in the log. */
  readonly requestId: string
}

/** What happened, what the person can do, and the number to tell support; never what was sent. */
export const ErrorPage: FC<ErrorPageProps & { readonly frame: Frame }> = ({ frame, words, requestId }) => {
  const { requestId: label } = frame.messages.error
  return (
    <Document frame={frame} title={words.title}>
      <div class="stack">
        <h1>{words.title}</h1>
        <p>{words.happened}</p>
        <p class="muted">{words.todo}</p>
      </div>
      <p class="small muted after">
        {label} <code>{requestId}</code>
      </p>
    </Document>
  )
}
