import type { AuthorizationRequest } from '../../shared/protocol/authorization-request.ts'
import { OAuthError } from '../../shared/protocol/error.ts'

/** What is known when the next step is decided. Times are seconds. */
export interface Situation {
  readonly request: Pick<AuthorizationRequest, 'prompts' | 'maxAge'>
  /** The session in use. */
  readonly session: { readonly sub: string; readonly authTime: number } | undefined
  /** The person that `id_token_hint` names. */
  readonly hintedSub: string | undefined
  /** Everything asked was allowed before, or needs no consent. */
  readonly consentCovers: boolean
  readonly signedIn: boolean
  readonly chosen: boolean
  readonly consented: boolean
  readonly now: number
}

export type Step = 'sign_in' | 'select_account' | 'consent' | 'issue'

/**
 * What is left before a code can be issued, OpenID Connect Core §3.1.2.1–3.1.2.4.
 * @throws OAuthError login_required, consent_required where no page may be shown or none would help.
 */
export function nextStep(situation: Situation): Step {
  return situation.request.prompts.includes('none') ? silentStep(situation) : interactiveStep(situation)
}

function silentStep(situation: Situation): Step {
  const { session } = situation
  if (!session || isTooOld(situation) || !isHinted(situation))
    throw new OAuthError('login_required', 'the person has to sign in')
  if (!situation.consentCovers) throw new OAuthError('consent_required', 'the person has to consent')
  return 'issue'
}

function interactiveStep(situation: Situation): Step {
  const { request, session, signedIn, chosen, consented } = situation
  const selectAccount = request.prompts.includes('select_account') && !chosen && !signedIn
  if (!session) return 'sign_in'
  if (selectAccount) return 'select_account'
  if ((request.prompts.includes('login') || isTooOld(situation)) && !signedIn) return 'sign_in'
  if (!isHinted(situation)) {
    if (signedIn) throw new OAuthError('login_required', 'another person signed in than the hint names')
    return 'sign_in'
  }
  const askConsent = request.prompts.includes('consent') || !situation.consentCovers
  return askConsent && !consented ? 'consent' : 'issue'
}

function isTooOld({ request: { maxAge }, session, now }: Situation): boolean {
  if (maxAge === undefined || !session) return false
  // max_age=0 asks for a new sign-in even within the second of the last one.
  return maxAge === 0 || now - session.authTime > maxAge
}

function isHinted({ hintedSub, session }: Situation): boolean {
  return hintedSub === undefined || hintedSub === session?.sub
}
