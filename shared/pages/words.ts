/** Error pages that every Worker has. */
export type CommonErrorCode =
  | 'bad_request'
  | 'cross_site_post'
  | 'not_found'
  | 'temporarily_unavailable'
  | 'server_error'
  | 'too_many_requests'
  | 'too_large'

/** The language of an English page, for sentences whose parts may be elements. */
export type Sentence<Part> = (string | Part)[]

const plural = new Intl.PluralRules('en')

function count(number: number, one: string, other: string): string {
  return `${number} ${plural.select(number) === 'one' ? one : other}`
}

/** How long to wait, in words. */
export function wait(seconds: number | undefined): string {
  if (seconds === undefined) return 'in a moment'
  return seconds < 60
    ? `in ${count(seconds, 'second', 'seconds')}`
    : `in ${count(Math.ceil(seconds / 60), 'minute', 'minutes')}`
}

const scopes: Readonly<Record<string, readonly [title: string, detail: string]>> = {
  openid: ['Know that it is you', ''],
  profile: ['See your profile', 'Your name, picture, language and time zone'],
  email: ['See your email address', ''],
  address: ['See your postal address', ''],
  phone: ['See your phone number', ''],
  offline_access: ['Stay connected while you are away', 'Until you remove its access'],
}

/** What an error page says. */
export interface ErrorWords {
  readonly title: string
  readonly happened: string
  readonly todo: string
}

const errorPages: Readonly<Record<CommonErrorCode, ErrorWords>> = {
  bad_request: {
    title: 'Request not understood',
    happened: 'The application that sent you here made a request that we could not understand.',
    todo: 'Go back to it and try again. If that does not help, tell the people who run it.',
  },
  cross_site_post: {
    title: 'Sent from elsewhere',
    happened: 'This form was not sent from our own page, or the page was too old.',
    todo: 'Go back, load the page again and repeat what you did. Cookies must be allowed.',
  },
  not_found: {
    title: 'Page not found',
    happened: 'There is no page at this address.',
    todo: 'Check the address, or go back to the application that sent you here.',
  },
  temporarily_unavailable: {
    title: 'Back in a moment',
    happened: 'A part of this service does not answer right now.',
    todo: 'Wait a minute and load this page again.',
  },
  server_error: {
    title: 'Something went wrong here',
    happened: 'We could not finish your request. The fault is on our side.',
    todo: 'Try again. If it happens again, tell us the request number below.',
  },
  too_many_requests: {
    title: 'Too many requests',
    happened: 'Many requests came from your network in a short time.',
    todo: 'Wait a minute and try again.',
  },
  too_large: {
    title: 'Form too large',
    happened: 'What was sent is larger than any form of ours.',
    todo: 'Go back and try again with less.',
  },
}

/** What the pages of every Worker say, in English; their catalogues add what is their own. */
export const commonWords = {
  title: (page: string, operator: string) => `${page} – ${operator}`,
  errorTitle: (title: string) => `Error: ${title}`,
  footer: <Part>(operator: Part): Sentence<Part> => ['Operated by ', operator],
  moreAbout: <Part>(client: Part): Sentence<Part> => ['More about ', client],
  privacyPolicy: 'Privacy policy',
  terms: 'Terms',
  website: 'Website',
  signedInAs: 'Signed in as',
  notYou: 'Not you?',

  scopes,
  use: <Part>(resource: Part): Sentence<Part> => ['Use ', resource, ' in your name'],
  unknownScope: <Part>(scope: Part): Sentence<Part> => ['Use the permission ', scope],

  error: {
    requestId: 'Request',
    page: errorPages,
  },
}

export type CommonWords = typeof commonWords
