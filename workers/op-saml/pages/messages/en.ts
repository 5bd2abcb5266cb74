import { commonWords, type ErrorWords, type Sentence } from '../../../../shared/pages/words.ts'

/** Error pages of this Worker alone. */
export type OwnErrorCode = 'not_offered' | 'bad_consumer' | 'expired_interaction' | 'other_browser' | 'not_served'

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

  signOut: {
    heading: 'Signing you out',
    headingDone: 'You are signed out',
    headingPartly: 'Not everywhere signed out',
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
    skip: <Part>(partner: Part): Sentence<Part> => ['Go on without ', partner],
    finish: 'Continue',
  },
}

export type Messages = typeof en
