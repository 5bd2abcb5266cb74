import { commonWords, type ErrorWords, type Sentence } from '../../../../shared/pages/words.ts'

/** Error pages of this Worker alone. */
export type OwnErrorCode =
  | 'not_offered'
  | 'bad_consumer'
  | 'expired_interaction'
  | 'other_browser'
  | 'not_served'
  | 'provider_refused'
  | 'not_asked_again'
  | 'start_here'
  | 'taken'
  | 'no_account'
  | 'no_address'
  | 'no_lasting_id'

const errorPages: Readonly<Record<OwnErrorCode, ErrorWords>> = {
  not_served: {
    title: 'Application not served',
    happened: 'The application that sent you here is not registered with us, or was stopped.',
    todo: 'Go back to it and tell the people who run it.',
  },
  not_offered: {
    title: 'Start at the application',
    happened: 'This application does not accept a sign-in that begins here.',
    todo: 'Open the application and sign in from there.',
  },
  bad_consumer: {
    title: 'Return address not registered',
    happened: 'The application asked to send you to an address that is not registered for it. You were not sent there.',
    todo: 'Go back to the application and tell the people who run it.',
  },
  expired_interaction: {
    title: 'This took too long',
    happened: 'What you started has expired, or was finished before.',
    todo: 'Go back to the application and start again.',
  },
  other_browser: {
    title: 'Started in another browser',
    happened: 'This was started in another browser or window.',
    todo: 'Go on there, or go back to the application and start again here.',
  },
  provider_refused: {
    title: 'Not signed in',
    happened: 'The identity provider of your organisation did not sign you in.',
    todo: 'Try again, or ask the people who run it.',
  },
  not_asked_again: {
    title: 'Sign in again',
    happened: 'A fresh sign-in was asked for, and your identity provider answered with an older one.',
    todo: 'Sign out there, then try again.',
  },
  start_here: {
    title: 'Start from the application',
    happened: 'A sign-in that begins at your identity provider is not accepted here.',
    todo: 'Open the application that you want to use and sign in from there.',
  },
  taken: {
    title: 'There is an account already',
    happened: 'Your e-mail address belongs to an account that is not connected to your organisation’s sign-in.',
    todo: 'Sign in the way you did before, or ask the people who run this service to connect the two.',
  },
  no_account: {
    title: 'No account for you here',
    happened: 'You were signed in by your organisation, but there is no account here that you may use.',
    todo: 'Ask the people who run this service.',
  },
  no_address: {
    title: 'No e-mail address',
    happened: 'Your organisation’s sign-in did not say your e-mail address, which an account here needs.',
    todo: 'Ask the people who run that sign-in to release your address to this service.',
  },
  no_lasting_id: {
    title: 'Not recognised',
    happened: 'Your organisation’s sign-in names you differently each time, so you could not be recognised.',
    todo: 'Ask the people who run that sign-in to send a lasting identifier.',
  },
}

/** What the pages of this Worker say, in English. The other catalogues have this type. */
export const en = {
  ...commonWords,

  error: { ...commonWords.error, page: { ...commonWords.error.page, ...errorPages } },

  send: {
    heading: 'One moment',
    text: <Part>(partner: Part): Sentence<Part> => ['You are being taken to ', partner, '.'],
    submit: 'Continue',
  },

  signedIn: {
    heading: 'You are signed in',
    nobody: 'Nobody is signed in here',
    through: <Part>(provider: Part, time: string): Sentence<Part> => ['Through ', provider, ` since ${time}.`],
    byPassword: (time: string) => `With your account here, since ${time}.`,
    applications: 'Applications in this session',
    signIn: 'Sign in',
    signOut: 'Sign out',
  },

  signOut: {
    heading: 'Signing you out',
    headingDone: 'You are signed out',
    headingPartly: 'Not signed out everywhere',
    text: <Part>(operator: Part): Sentence<Part> => ['Your session with ', operator, ' has ended.'],
    telling: 'The applications that you used with it are told one after the other.',
    partly: 'Some applications could not be told. Sign out there as well, or close all windows of this browser.',
    list: 'Applications',
    state: {
      waiting: 'Waiting',
      asked: 'No answer yet',
      done: 'Signed out',
      failed: 'Not signed out',
    },
    next: <Part>(partner: Part): Sentence<Part> => ['Sign out of ', partner],
    finish: 'Continue',
  },
}

export type Messages = typeof en
