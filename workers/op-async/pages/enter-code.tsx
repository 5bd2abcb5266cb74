import type { FC } from 'hono/jsx'
import { Document } from '../../../shared/pages/document.tsx'
import { Field } from '../../../shared/pages/field.tsx'
import { HiddenFields, Problem } from '../../../shared/pages/parts.tsx'
import type { PageProps } from './frame.ts'

interface EnterCodeProps {
  readonly csrf: string
  readonly typed?: string | undefined
  readonly problem?: 'wrong' | 'over' | 'throttled'
  /** Seconds, for `throttled`. */
  readonly retryAfter?: number
}

/** Asks for the code that a device shows, posted to /device as `user_code`. */
export const EnterCode: FC<PageProps<EnterCodeProps>> = ({ frame, csrf, typed, problem, retryAfter }) => {
  const words = frame.messages.enterCode
  const [what, todo] = problem ? words.problem[problem](retryAfter) : []
  return (
    <Document frame={frame} title={words.heading} failed={problem !== undefined}>
      <div class="stack">
        <h1>{words.heading}</h1>
        <p class="muted">{words.text}</p>
      </div>
      {what && todo && <Problem what={what} todo={todo} />}
      <form method="post" action="/device" class="code">
        <HiddenFields fields={{ csrf }} />
        <Field
          name="user_code"
          label={words.label}
          value={typed}
          autocomplete="one-time-code"
          maxlength={20}
          hint={words.hint}
          autofocus={problem === undefined}
          invalid={problem !== undefined}
          describedBy={problem && 'problem'}
        />
        <div class="actions">
          <button type="submit" class="button primary">
            {words.submit}
          </button>
        </div>
      </form>
    </Document>
  )
}
