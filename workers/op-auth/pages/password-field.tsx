import type { FC } from 'hono/jsx'
import { Field, type FieldProps } from '../../../shared/pages/field.tsx'
import type { Frame } from './frame.ts'

/** A password control with a button, there only where scripts run, that shows what is typed. */
export const PasswordField: FC<Omit<FieldProps, 'type' | 'children'> & { readonly frame: Frame }> = (props) => {
  const { frame, ...field } = props
  const words = frame.messages.signIn
  return (
    <Field {...field} type="password">
      <button
        type="button"
        class="reveal"
        hidden
        aria-label={words.showLabel}
        aria-controls={field.name}
        data-reveal={field.name}
        data-show={words.show}
        data-hide={words.hide}
        data-show-label={words.showLabel}
        data-hide-label={words.hideLabel}
      >
        {words.show}
      </button>
    </Field>
  )
}
