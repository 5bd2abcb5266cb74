import { type ErrorWords, type Sentence, commonWords, wait } from '../../../../shared/pages/words.ts'
import type { EventAction, NewPasswordProblem, OwnErrorCode, SignInProblem } from './keys.ts'

const signInProblems: Readonly<
  Record<SignInProblem, (seconds: number | undefined) => readonly [what: string, todo: string]>
> = {
  wrong_credentials: () => ['That name and password do not match.', 'Check both and try again.'],
  throttled: (seconds) => ['There were too many attempts.', `Try again ${wait(seconds)}.`],
  busy: (seconds) => ['Many people are signing in right now.', `Try again ${wait(seconds)}.`],
  missing: () => ['Something is still missing.', 'Fill in both fields and try again.'],
  expired: () => ['This page was open for a long time.', 'Nothing is lost. Sign in to go on.'],
}

const events: Readonly<Record<EventAction, string>> = {
  sign_in: 'Signed in',
  sign_in_failed: 'A sign-in failed',
  sign_out: 'Signed out',
  session_ended: 'A device was signed out',
  sessions_ended: 'All other devices were signed out',
  password_changed: 'Password changed',
  consent_granted: 'Access given to an application',
  consent_revoked: 'Access of an application removed',
}

const newPasswordProblems: Readonly<Record<NewPasswordProblem, string>> = {
  missing: 'Enter a new password.',
  too_short: 'Use at least 8 characters.',
  too_long: 'Use at most 256 characters.',
  common: 'Too many people use this password. Choose another.',
  personal: 'This is your name or your email. Choose something else.',
  unchanged: 'This is your current password. Choose another.',
}

const errorPages: Readonly<Record<OwnErrorCode, ErrorWords>> = {
  unknown_client: {
    title: 'Unknown application',
    happened: 'The application that sent you here is not registered with us.',
    todo: 'Go back to it and tell the people who run it.',
  },
  bad_redirect_uri: {
    title: 'Return address not registered',
    happened: 'The application asked to send you to an address that is not registered for it. You were not sent there.',
    todo: 'Go back to the application and tell the people who run it.',
  },
  expired_interaction: {
    title: 'This took too long',
    happened: 'The sign-in that you started has expired.',
    todo: 'Go back to the application and sign in again.',
  },
  other_browser: {
    title: 'Started in another browser',
    happened: 'This sign-in was started in another browser or window.',
    todo: 'Go on there, or go back to the application and start again here.',
  },
}

/** What the pages say, in English. The other catalogues have this type. */
export const en = {
  ...commonWords,
  cancel: 'Cancel',

  error: { ...commonWords.error, page: { ...commonWords.error.page, ...errorPages } },

  signIn: {
    heading: 'Sign in',
    again: 'Confirm that it is you',
    continueTo: <Part>(client: Part): Sentence<Part> => ['to continue to ', client],
    againFor: <Part>(client: Part): Sentence<Part> => ['Sign in again to continue to ', client],
    identifier: 'Email or user name',
    password: 'Password',
    submit: 'Sign in',
    otherWays: 'Other ways to sign in',
    continueWith: (provider: string) => `Continue with ${provider}`,
    addressIsEnough: 'If your organisation signs you in, your email is enough.',
    elsewhere: 'Your organisation signs you in',
    show: 'Show',
    hide: 'Hide',
    showLabel: 'Show password',
    hideLabel: 'Hide password',
    identifierMissing: 'Enter your email or user name.',
    passwordMissing: 'Enter your password.',
    problem: signInProblems,
  },

  selectAccount: {
    heading: 'Choose an account',
    another: 'Use another account',
  },

  consent: {
    title: (client: string) => `${client} asks for access`,
    heading: <Part>(client: Part): Sentence<Part> => [client, ' would like to'],
    fresh: 'New',
    allow: 'Allow',
    deny: 'Deny',
    later: 'You can take this back at any time on your account page.',
  },

  signOut: {
    heading: 'Sign out?',
    asked: <Part>(client: Part): Sentence<Part> => [client, ' asks to sign you out here.'],
    effect: 'You will be signed out in this browser.',
    submit: 'Sign out',
    stay: 'Stay signed in',
  },

  signedOut: {
    heading: 'You are signed out',
    text: <Part>(operator: Part): Sentence<Part> => ['Your session with ', operator, ' in this browser has ended.'],
    others: 'Applications that you used may keep you signed in until you leave them, too.',
    back: <Part>(client: Part): Sentence<Part> => ['Return to ', client],
    backUnnamed: 'Return to the application',
  },

  formPost: {
    heading: 'One moment',
    text: 'You are being taken back to the application.',
    submit: 'Continue',
  },

  account: {
    heading: 'Your account',
    signOut: 'Sign out',
    password: 'Password',
    changePassword: 'Change password',
    sessions: 'Where you are signed in',
    current: 'This device',
    lastUsed: <Part>(time: Part): Sentence<Part> => ['Last used ', time],
    signedIn: <Part>(time: Part): Sentence<Part> => ['Signed in ', time],
    from: <Part>(address: Part): Sentence<Part> => ['from ', address],
    usedFor: 'Used for',
    device: (browser: string | undefined, system: string | undefined) =>
      browser && system ? `${browser} on ${system}` : (browser ?? system ?? 'Unknown device'),
    end: 'Sign out',
    endDevice: (device: string) => `Sign out ${device}`,
    endOthers: 'Sign out everywhere else',
    consents: 'Applications with access',
    noConsents: 'No application has access to your account.',
    granted: <Part>(time: Part): Sentence<Part> => ['Since ', time],
    revoke: 'Remove',
    revokeFrom: (client: string) => `Remove access of ${client}`,
    events: 'Recent activity',
    noEvents: 'Nothing yet.',
    event: events,
    notice: {
      session_ended: 'The device is signed out.',
      sessions_ended: 'All other devices are signed out.',
      consent_revoked: 'The application no longer has access.',
      password_changed: 'Your password is changed. Other devices were signed out.',
    },
  },

  changePassword: {
    heading: 'Change your password',
    current: 'Current password',
    fresh: 'New password',
    hint: 'At least 8 characters. A few unrelated words make a strong one.',
    submit: 'Change password',
    problem: 'The password was not changed.',
    problemTodo: 'Look at what is marked below.',
    currentWrong: 'That is not your current password.',
    currentMissing: 'Enter your current password.',
    throttled: (seconds: number | undefined) => `There were too many attempts. Try again ${wait(seconds)}.`,
    freshProblem: newPasswordProblems,
    weak: 'Easy to guess: add a word or two.',
    fair: 'Fair. Longer is stronger.',
    strong: 'Strong.',
  },
}

export type Messages = typeof en
