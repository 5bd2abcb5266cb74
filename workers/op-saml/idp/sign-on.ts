import type { AuthnRequest } from '../authn-request.ts'
import type { SecondStatus } from '../status.ts'
import { satisfiedContext } from './contexts.ts'

/** What a sign-on has come to, without side effects. */
export interface Situation {
  readonly request: Pick<AuthnRequest, 'forceAuthn' | 'isPassive' | 'contexts'>
  /** `amr` of the session in this browser; undefined when nobody is signed in. */
  readonly amr: readonly string[] | undefined
  /** The person signed in after the request came. */
  readonly signedIn: boolean
  readonly declined: boolean
}

export type Step =
  | { readonly step: 'sign_in' }
  | { readonly step: 'issue'; readonly contextClass: string }
  | { readonly step: 'refuse'; readonly second: SecondStatus; readonly why: string }

/** What people could still prove: a password here, and more at an identity provider of theirs. */
const couldProve = [['pwd'], ['mfa']]

/** Sign in, issue, or refuse (Core §3.4.1, §3.2.2.2). */
export function nextStep({ request, amr, signedIn, declined }: Situation): Step {
  if (declined) return { step: 'refuse', second: 'AuthnFailed', why: 'the person declined' }
  const isFresh = signedIn || !request.forceAuthn
  const contextClass = amr && isFresh ? satisfiedContext(request.contexts, amr) : undefined
  if (contextClass !== undefined) return { step: 'issue', contextClass }
  const isPossible = !signedIn && couldProve.some((each) => satisfiedContext(request.contexts, each) !== undefined)
  if (!isPossible) return { step: 'refuse', second: 'NoAuthnContext', why: 'the authentication context is not met' }
  if (request.isPassive) return { step: 'refuse', second: 'NoPassive', why: 'the person has to sign in' }
  return { step: 'sign_in' }
}
