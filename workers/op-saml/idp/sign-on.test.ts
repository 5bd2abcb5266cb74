import { expect, test } from 'vitest'
import { type Situation, nextStep } from './sign-on.ts'

const classes = 'urn:oasis:names:tc:SAML:2.0:ac:classes:'
const password = `${classes}PasswordProtectedTransport`
const mfa = 'https://refeds.org/profile/mfa'

type Asked = Partial<Situation['request']>

function step(request: Asked, other: Partial<Omit<Situation, 'request'>> = {}): string {
  const all = { forceAuthn: false, isPassive: false, contexts: undefined, ...request }
  const next = nextStep({ request: all, amr: ['pwd'], signedIn: false, declined: false, ...other })
  if (next.step === 'refuse') return next.second
  return next.step === 'issue' ? next.contextClass : next.step
}

const exactly = (...names: string[]) => ({ contexts: { comparison: 'exact', classes: names } }) as const
const minimum = (...names: string[]) => ({ contexts: { comparison: 'minimum', classes: names } }) as const

test.for<[string, Asked, Partial<Omit<Situation, 'request'>>, string]>([
  ['a session is enough', {}, {}, password],
  ['nobody is signed in', {}, { amr: undefined }, 'sign_in'],
  ['nobody is signed in and nobody may be asked', { isPassive: true }, { amr: undefined }, 'NoPassive'],
  ['a new sign-in is wanted', { forceAuthn: true }, {}, 'sign_in'],
  ['a new sign-in was made', { forceAuthn: true }, { signedIn: true }, password],
  ['a new sign-in is wanted and nobody may be asked', { forceAuthn: true, isPassive: true }, {}, 'NoPassive'],
  ['the person declined', {}, { declined: true }, 'AuthnFailed'],
  ['the person declined, though signed in before', {}, { declined: true, amr: ['pwd'] }, 'AuthnFailed'],
  ['a context that nobody here can prove', exactly(`${classes}X509`), {}, 'NoAuthnContext'],
  ['one of several contexts is met', exactly(`${classes}X509`, password), {}, password],
  ['a password is a password, too', exactly(`${classes}Password`), {}, `${classes}Password`],
  ['a second factor may come from a provider', exactly(mfa), {}, 'sign_in'],
  ['a second factor came', exactly(mfa), { amr: ['mfa'], signedIn: true }, mfa],
  ['a second factor did not come', exactly(mfa), { signedIn: true }, 'NoAuthnContext'],
  ['more than the minimum', minimum(`${classes}Password`), { amr: ['mfa'] }, mfa],
  ['a provider that says nothing of how', minimum(`${classes}Password`), { amr: [], signedIn: true }, 'NoAuthnContext'],
  ['a provider that says nothing of how, and nothing is asked', {}, { amr: [] }, `${classes}unspecified`],
  ['a list without classes asks for nothing', exactly(), {}, password],
])('SML-13 %s', ([, request, other, expected]) => {
  expect(step(request, other)).toBe(expected)
})
