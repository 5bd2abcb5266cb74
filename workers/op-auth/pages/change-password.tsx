import type { FC } from 'hono/jsx'
import { passwordAsset } from './assets.ts'
import { Document } from '../../../shared/pages/document.tsx'
import type { PageProps } from './frame.ts'
import type { NewPasswordProblem } from './messages/keys.ts'
import { HiddenFields, Problem } from '../../../shared/pages/parts.tsx'
import { PasswordField } from './password-field.tsx'

export interface ChangePasswordProps {
  readonly csrf: string
  /** For password managers, which would otherwise not know whose password this is. */
  readonly username: string
  readonly currentPasswordError?: 'missing' | 'wrong' | 'throttled' | undefined
  /** For `throttled`. */
  readonly retryAfterSeconds?: number | undefined
  readonly newPasswordError?: NewPasswordProblem | undefined
}

/** Posted to /account/password as `current_password` and `new_password`. */
export const ChangePassword: FC<PageProps<ChangePasswordProps>> = (props) => {
  const { frame, currentPasswordError, newPasswordError } = props
  const { changePassword: words, cancel } = frame.messages
  const failed = currentPasswordError !== undefined || newPasswordError !== undefined
  const currentErrors = {
    missing: words.currentMissing,
    wrong: words.currentWrong,
    throttled: words.throttled(props.retryAfterSeconds),
  }
  return (
    <Document frame={frame} title={words.heading} failed={failed} scripts={[passwordAsset.path]}>
      <h1>{words.heading}</h1>
      {failed && <Problem what={words.problem} todo={words.problemTodo} />}
      <form method="post" action="/account/password">
        <HiddenFields fields={{ csrf: props.csrf }} />
        <input type="text" name="username" value={props.username} autocomplete="username" readonly hidden />
        <PasswordField
          frame={frame}
          name="current_password"
          label={words.current}
          autocomplete="current-password"
          autofocus={!failed}
          error={currentPasswordError && currentErrors[currentPasswordError]}
        />
        <PasswordField
          frame={frame}
          name="new_password"
          label={words.fresh}
          autocomplete="new-password"
          hint={words.hint}
          error={newPasswordError && words.freshProblem[newPasswordError]}
        />
        <p
          class="small"
          role="status"
          data-strength="new_password"
          data-weak={words.weak}
          data-fair={words.fair}
          data-strong={words.strong}
        ></p>
        <div class="actions">
          <button type="submit" class="button primary">
            {words.submit}
          </button>
          <a class="button quiet" href="/account">
            {cancel}
          </a>
        </div>
      </form>
    </Document>
  )
}
