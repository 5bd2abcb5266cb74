import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { OAuthError } from '../../shared/protocol/error.ts'
import { type Situation, nextStep } from './interaction.ts'

const now = 1_000_000

const ready: Situation = {
  request: { prompts: [], maxAge: undefined },
  session: { sub: 'ada', authTime: now - 100 },
  hintedSub: undefined,
  consentCovers: true,
  signedIn: false,
  chosen: false,
  consented: false,
  now,
}

function step(change: Partial<Situation>, prompts: Situation['request']['prompts'] = [], maxAge?: number): string {
  try {
    return nextStep({ ...ready, ...change, request: { prompts, maxAge } })
  } catch (error) {
    if (error instanceof OAuthError) return error.code
    throw error
  }
}

describe('the next step', () => {
  test('is the code where nothing is left', () => {
    expect(step({})).toBe('issue')
    expect(step({}, ['none'])).toBe('issue')
  })

  test('is a sign-in without session, for prompt=login, and for one that is too old', () => {
    expect(step({ session: undefined })).toBe('sign_in')
    expect(step({}, ['login'])).toBe('sign_in')
    expect(step({}, [], 99)).toBe('sign_in')
    expect(step({}, [], 100)).toBe('issue')
    expect(step({ session: { sub: 'ada', authTime: now } }, [], 0)).toBe('sign_in')
  })

  test('is no second sign-in after one in this interaction', () => {
    expect(step({ signedIn: true }, ['login'])).toBe('issue')
    expect(step({ signedIn: true }, [], 0)).toBe('issue')
    expect(step({ signedIn: true, session: undefined }, [])).toBe('sign_in')
  })

  test('is choosing an account, once, where one is there to choose', () => {
    expect(step({}, ['select_account'])).toBe('select_account')
    expect(step({ chosen: true }, ['select_account'])).toBe('issue')
    expect(step({ session: undefined }, ['select_account'])).toBe('sign_in')
    expect(step({ chosen: true }, ['select_account', 'login'])).toBe('sign_in')
  })

  test('is consent where it does not cover, or is asked for', () => {
    expect(step({ consentCovers: false })).toBe('consent')
    expect(step({}, ['consent'])).toBe('consent')
    expect(step({ consentCovers: false, consented: true }, ['consent'])).toBe('issue')
  })

  test('is for the person of the hint only', () => {
    expect(step({ hintedSub: 'ada' }, ['none'])).toBe('issue')
    expect(step({ hintedSub: 'bob' }, ['none'])).toBe('login_required')
    expect(step({ hintedSub: 'bob' })).toBe('sign_in')
    expect(step({ hintedSub: 'bob', signedIn: true })).toBe('login_required')
  })

  test('is an error instead of any page with prompt=none', () => {
    expect(step({ session: undefined }, ['none'])).toBe('login_required')
    expect(step({}, ['none'], 10)).toBe('login_required')
    expect(step({ consentCovers: false }, ['none'])).toBe('consent_required')
    const situations = fc.record({
      session: fc.option(
        fc.record({ sub: fc.constantFrom('ada', 'bob'), authTime: fc.integer({ min: 0, max: now }) }),
        {
          nil: undefined,
        },
      ),
      hintedSub: fc.constantFrom(undefined, 'ada'),
      consentCovers: fc.boolean(),
      signedIn: fc.boolean(),
      chosen: fc.boolean(),
      consented: fc.boolean(),
    })
    const pages = ['sign_in', 'select_account', 'consent']
    fc.assert(
      fc.property(situations, fc.option(fc.nat(), { nil: undefined }), (situation, maxAge) => {
        expect(pages).not.toContain(step(situation, ['none'], maxAge))
      }),
    )
  })

  test('never is the code for nobody, for another than hinted, or without consent', () => {
    const prompts = fc.uniqueArray(fc.constantFrom('login' as const, 'consent' as const, 'select_account' as const))
    fc.assert(
      fc.property(prompts, fc.boolean(), fc.boolean(), fc.boolean(), (asked, signedIn, chosen, consented) => {
        const progress = { signedIn, chosen, consented: false }
        expect(step({ ...progress, session: undefined }, asked)).not.toBe('issue')
        expect(step({ ...progress, hintedSub: 'bob', consented }, asked)).not.toBe('issue')
        expect(step({ ...progress, consentCovers: false }, asked)).not.toBe('issue')
      }),
    )
  })
})
