import type { Child, FC } from 'hono/jsx'

export interface FieldProps {
  /** Name and id of the control. */
  readonly name: string
  readonly label: string
  readonly autocomplete: string
  readonly value?: string | undefined
  readonly hint?: string | undefined
  readonly error?: string | undefined
  /** Ids of further elements that describe the control. */
  readonly describedBy?: string | undefined
  readonly invalid?: boolean | undefined
  readonly autofocus?: boolean
  readonly type?: 'text' | 'password'
  readonly inputmode?: 'email' | 'text'
  readonly maxlength?: number
  readonly children?: Child
}

/** A labelled text control, with its hint and error tied to it. */
export const Field: FC<FieldProps> = (props) => {
  const { name, label, hint, error, type = 'text' } = props
  const describedBy = [props.describedBy, error && `${name}-error`, hint && `${name}-hint`].filter(Boolean).join(' ')
  return (
    <div class="field">
      <label for={name}>{label}</label>
      <div class="control">
        <input
          type={type}
          id={name}
          name={name}
          value={props.value}
          autocomplete={props.autocomplete}
          autocapitalize="none"
          autocorrect="off"
          spellcheck={false}
          inputmode={props.inputmode}
          maxlength={props.maxlength}
          dir={type === 'text' ? 'auto' : undefined}
          required
          autofocus={props.autofocus}
          aria-invalid={error || props.invalid ? 'true' : undefined}
          aria-describedby={describedBy || undefined}
        />
        {props.children}
      </div>
      {error && (
        <p class="error" id={`${name}-error`}>
          {error}
        </p>
      )}
      {hint && (
        <p class="hint" id={`${name}-hint`}>
          {hint}
        </p>
      )}
    </div>
  )
}
