import type { Frame as AnyFrame } from '../../../shared/pages/document.tsx'
import type { Messages } from './messages/en.ts'

/** What every page of this Worker is made with besides its own props. */
export type Frame = AnyFrame<Messages>

/** Props of a page: the frame and what the page shows. */
export type PageProps<Props> = Props & { readonly frame: Frame }
