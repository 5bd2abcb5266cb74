import type { FC } from 'hono/jsx'
import { safeLink } from './links.ts'
import { HiddenFields } from './parts.tsx'

export interface CarriedFormProps {
  readonly action: string
  readonly fields: Readonly<Record<string, string>>
  /** The words on its button. */
  readonly submit: string
}

/** Carries fields to another site by a POST that a script of the page sends; the button is for where none does. */
export const CarriedForm: FC<CarriedFormProps> = ({ action, fields, submit }) => (
  <form method="post" action={safeLink(action) ?? 'about:blank'} data-go-on>
    <HiddenFields fields={fields} />
    <div class="actions late">
      <button type="submit" class="button primary">
        {submit}
      </button>
    </div>
  </form>
)
