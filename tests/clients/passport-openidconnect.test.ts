import { type Profile, Strategy } from 'passport-openidconnect'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { allow, arrival, signIn } from '../support/person.ts'
import type { SiteAnswer, SiteRequest } from '../support/site.ts'
import { openStage, type Stage } from '../support/stage.ts'
import type { TestClient } from '../support/system.ts'

let stage: Stage
beforeAll(async () => {
  stage = await openStage()
})
afterEach(() => stage.tidy())
afterAll(() => stage.close())

/** The library sends the secret in the form. */
function client(): Promise<TestClient> {
  return stage.client({ token_endpoint_auth_method: 'client_secret_post' })
}

/** An application on the strategy, which knows nothing of PKCE; one session is enough for one browser. */
function application(client: TestClient): (request: SiteRequest) => Promise<SiteAnswer> {
  const { issuer } = stage.system
  const strategy = new Strategy(
    {
      issuer,
      authorizationURL: `${issuer}/authorize`,
      tokenURL: `${issuer}/token`,
      userInfoURL: `${issuer}/userinfo`,
      clientID: client.client_id,
      clientSecret: client.secret,
      callbackURL: client.redirectUri,
      scope: ['profile', 'email'],
      nonce: true,
      skipUserProfile: false,
    },
    (_issuer, profile, done) => done(null, profile),
  )
  const session = {}
  return ({ url }) =>
    new Promise((resolve) => {
      // As passport does: one object for each request, on top of the strategy.
      const attempt: Strategy = Object.assign(Object.create(strategy), {
        success: (profile: Profile) => resolve({ body: JSON.stringify(profile), headers: json }),
        redirect: (location: string) => resolve({ status: 302, headers: { location } }),
        fail: (info: unknown) => resolve({ status: 401, body: JSON.stringify(info), headers: json }),
        error: (error: unknown) => resolve({ status: 500, body: String(error) }),
      })
      attempt.authenticate({ query: Object.fromEntries(url.searchParams), session })
    })
}

const json = { 'content-type': 'application/json' }

describe('passport-openidconnect', () => {
  test('B-01 B-28 B-30 signs a person in at a confidential client without PKCE', async () => {
    const [registered, user, page] = await Promise.all([client(), stage.system.user(), stage.newPage()])
    const answer = application(registered)
    stage.site.pages.set('/login', answer)
    stage.site.pages.set('/callback', answer)
    await page.goto(`${stage.site.origin}/login`)
    await signIn(page, user)
    await allow(page)
    await arrival(page)
    expect(JSON.parse((await page.locator('body').textContent()) ?? '')).toMatchObject({
      id: user.sub,
      displayName: 'Ada Lovelace',
      emails: [{ value: user.email }],
    })
  })

  test('AUT-11 tells the application that the person declined', async () => {
    const [registered, user, page] = await Promise.all([client(), stage.system.user(), stage.newPage()])
    const answer = application(registered)
    stage.site.pages.set('/login', answer)
    stage.site.pages.set('/callback', answer)
    await page.goto(`${stage.site.origin}/login`)
    await signIn(page, user)
    await page.getByRole('button', { name: 'Deny' }).click()
    await arrival(page)
    expect(await page.locator('body').textContent()).toContain('the person declined')
  })
})
