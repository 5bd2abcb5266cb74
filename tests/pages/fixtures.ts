import type { FC } from 'hono/jsx'
import { brandStylesheet } from '../../workers/op-auth/pages/assets.ts'
import { Account, type AccountProps } from '../../workers/op-auth/pages/account.tsx'
import { ChangePassword } from '../../workers/op-auth/pages/change-password.tsx'
import { Consent } from '../../workers/op-auth/pages/consent.tsx'
import { renderPage } from '../../shared/pages/document.tsx'
import { ErrorPage } from '../../shared/pages/error-page.tsx'
import { Elsewhere } from '../../workers/op-auth/pages/elsewhere.tsx'
import type { Frame } from '../../workers/op-auth/pages/frame.ts'
import { FormPost } from '../../workers/op-auth/pages/form-post.tsx'
import type { ErrorCode } from '../../workers/op-auth/pages/messages/keys.ts'
import { messagesFor } from '../../workers/op-auth/pages/messages/language.ts'
import { SelectAccount } from '../../workers/op-auth/pages/select-account.tsx'
import { SignIn, type SignInProps } from '../../workers/op-auth/pages/sign-in.tsx'
import { ConfirmSignOut, SignedOut } from '../../workers/op-auth/pages/sign-out.tsx'

/** What a test puts in the place of each text that comes from outside. */
export type Words = (realistic: string) => string

/** The texts as they are. */
export const asIs: Words = (text) => text

/** A frame as the Worker makes it; every text that an operator configures goes through `words`. */
export function frameWith(words: Words = asIs, overrides: Partial<Frame> = {}): Frame {
  const branding = { name: words('Acme Cooperative'), accent: '#1d4ed8' }
  return {
    ...messagesFor('en-GB', null),
    branding,
    stylesheet: brandStylesheet(branding).path,
    timeZone: 'Europe/Berlin',
    ...overrides,
  }
}

/** Every page in its states, by name, as HTML. */
export function pages(words: Words = asIs, frame: Frame = frameWith(words)): ReadonlyMap<string, string> {
  const user = { name: words('Alice Liddell'), email: words('alice@example.com') }
  const client = {
    clientName: words('Looking Glass Notes'),
    clientUri: words('https://notes.example'),
    policyUri: words('https://notes.example/privacy'),
    tosUri: words('https://notes.example/terms'),
  }
  const hidden = { interaction: words('aWQ.interaction'), csrf: words('Y3NyZg') }
  const signIn = (props: Partial<SignInProps>) => SignIn({ frame, ...hidden, ...client, ...props })
  const error = (code: ErrorCode) =>
    ErrorPage({ frame, words: frame.messages.error.page[code], requestId: words('8f14e45fceea167a') })
  const all = {
    'sign-in': signIn({}),
    'sign-in-known': signIn({ identifier: words('alice@example.com') }),
    'sign-in-again': signIn({ identifier: words('alice@example.com'), reason: 'reauthenticate' }),
    'sign-in-wrong': signIn({ identifier: words('alice@example.com'), error: 'wrong_credentials' }),
    'sign-in-missing': signIn({ error: 'missing' }),
    'sign-in-throttled': signIn({ error: 'throttled', retryAfterSeconds: 61 }),
    'sign-in-busy': signIn({ error: 'busy', retryAfterSeconds: 1 }),
    'sign-in-expired': signIn({ error: 'expired' }),
    'sign-in-providers': signIn({
      byAddress: true,
      providers: [{ name: words('Acme GmbH'), address: words('/saml/sp/login/acme?interaction=aWQ') }],
    }),
    elsewhere: Elsewhere({ frame, providerName: words('Acme GmbH'), address: words('/saml/sp/login/acme') }),
    'select-account': SelectAccount({
      frame,
      ...hidden,
      clientName: client.clientName,
      accounts: [
        { sub: words('s1'), ...user },
        { sub: words('s2'), email: words('work.account@acme.example') },
      ],
    }),
    consent: Consent({
      frame,
      ...hidden,
      ...client,
      user,
      scopes: [
        { scope: 'openid', isNew: false },
        { scope: 'profile', isNew: false },
        { scope: 'email', isNew: true },
        { scope: 'offline_access', isNew: true },
        { scope: words('notes:write'), isNew: true },
      ],
      resources: [words('https://api.notes.example/v1')],
    }),
    'confirm-sign-out': ConfirmSignOut({
      frame,
      csrf: hidden.csrf,
      parameters: { id_token_hint: words('eyJhbGciOi'), [words('state')]: words('xyz') },
      users: [user],
      clientName: client.clientName,
    }),
    'signed-out': SignedOut({ frame, clientName: client.clientName, returnUri: words('https://notes.example/bye') }),
    'signed-out-plain': SignedOut({ frame }),
    'form-post': FormPost({
      frame,
      action: words('https://notes.example/callback'),
      fields: { code: words('c0de'), state: words('st&te'), iss: words('https://id.acme.example') },
    }),
    account: Account({ frame, csrf: hidden.csrf, user, ...account(words), notice: 'consent_revoked' }),
    'account-new': Account({
      frame,
      csrf: hidden.csrf,
      user: { email: user.email },
      sessions: account(words).sessions.slice(0, 1),
      consents: [],
      events: [],
    }),
    'change-password': ChangePassword({ frame, csrf: hidden.csrf, username: user.email }),
    'change-password-refused': ChangePassword({
      frame,
      csrf: hidden.csrf,
      username: user.email,
      currentPasswordError: 'wrong',
      newPasswordError: 'common',
    }),
    ...Object.fromEntries(errorCodes(frame).map((code) => [`error-${code}`, error(code)])),
  }
  return new Map(Object.entries(all).map(([name, page]) => [name, html(page)]))
}

/** A page's HTML. */
export function html(page: ReturnType<FC>): string {
  return renderPage(page ?? '')
}

function errorCodes({ messages }: Frame): ErrorCode[] {
  const isCode = (name: string): name is ErrorCode => Object.hasOwn(messages.error.page, name)
  return Object.keys(messages.error.page).filter(isCode)
}

function account(words: Words): Pick<AccountProps, 'sessions' | 'consents' | 'events'> {
  const now = 1_795_600_000
  return {
    sessions: [
      {
        id: words('one'),
        current: true,
        userAgent: 'Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:140.0) Gecko/20100101 Firefox/140.0',
        address: words('2001:db8::1'),
        createdAt: now - 7200,
        lastSeenAt: now,
        clients: [words('Looking Glass Notes'), words('Tea Party Calendar')],
      },
      {
        id: words('two'),
        current: false,
        userAgent: words(
          'Mozilla/5.0 (iPhone; CPU iPhone OS 26_0 like Mac OS X) Version/26.0 Mobile/15E148 Safari/604.1',
        ),
        address: words('192.0.2.7'),
        createdAt: now - 500_000,
        lastSeenAt: now - 90_000,
        clients: [],
      },
    ],
    consents: [
      {
        clientId: words('notes'),
        clientName: words('Looking Glass Notes'),
        scopes: ['openid', 'email', 'offline_access', words('notes:write')],
        grantedAt: now - 500_000,
      },
    ],
    events: [
      { time: now, action: 'sign_in', address: words('2001:db8::1') },
      { time: now - 400, action: 'sign_in_failed', address: words('198.51.100.23') },
      { time: now - 500_000, action: 'consent_granted', clientName: words('Looking Glass Notes') },
    ],
  }
}
