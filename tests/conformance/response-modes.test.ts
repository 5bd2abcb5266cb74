import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { formOf } from '../support/agent.ts'
import { answerOf } from '../support/answer.ts'
import { authorizationPath, basic, codeFor } from '../support/oauth.ts'
import { sharedSystem, type System, type TestClient, type TestUser } from '../support/system.ts'

describe('response modes', () => {
  let system: System
  let client: TestClient
  let user: TestUser
  beforeAll(async () => {
    system = await sharedSystem()
    client = await system.client()
    user = await system.user()
  })
  afterAll(() => system[Symbol.asyncDispose]())

  /** A browser in which the person has signed in and consented. */
  async function signedInAgent() {
    const agent = system.agent()
    await codeFor(system, client, user, {}, agent)
    return agent
  }

  test('G-05 AUT-11 response_mode=fragment puts everything into the fragment, query and error alike', async () => {
    const redirectUri = 'http://127.0.0.1:9/callback?tenant=a'
    const other = await system.client({ redirect_uris: [redirectUri] })
    const path = authorizationPath(other, { response_mode: 'fragment' })
    const callback = await system.agent().authorize(path, user)
    expect(callback.search).toBe('?tenant=a')
    const said = Object.fromEntries(new URLSearchParams(callback.hash.slice(1)))
    expect(said).toEqual({ code: expect.any(String), state: 'the-state', iss: system.issuer })
    const error = answerOf(
      await system.agent().get(authorizationPath(other, { response_mode: 'fragment', prompt: 'none' })),
    )
    expect([error.location.search, error.parameters['error']]).toEqual(['?tenant=a', 'login_required'])
  })

  test('FP-01 AUT-11 response_mode=form_post is a page that posts code, state and iss', async () => {
    const agent = await signedInAgent()
    const response = await agent.get(authorizationPath(client, { response_mode: 'form_post', prompt: 'none' }))
    expect([response.status, response.headers.get('location')]).toEqual([200, null])
    const { action, hidden } = formOf(await response.text())
    expect(action).toBe(client.redirectUri)
    expect(hidden).toEqual({ code: expect.any(String), state: 'the-state', iss: system.issuer })
  })

  test('FP-03 AUT-07 errors of a form_post request are posted, those of a fragment request in the fragment', async () => {
    const agent = system.agent()
    for (const parameters of [{ prompt: 'none' }, { response_type: 'foo' }, { scope: 'unknown' }, { max_age: 'x' }]) {
      const posted = await agent.get(authorizationPath(client, { response_mode: 'form_post', ...parameters }))
      expect([posted.status, posted.headers.get('location')]).toEqual([200, null])
      const { hidden } = formOf(await posted.text())
      expect(hidden).toMatchObject({ error: expect.any(String), state: 'the-state', iss: system.issuer })
      const path = authorizationPath(client, { response_mode: 'fragment', ...parameters })
      const { location } = answerOf(await agent.get(path))
      expect([location.search, location.hash]).toEqual(['', expect.stringContaining(`error=${hidden['error']}`)])
    }
  })

  test('AUT-07 AUT-12 a response type with tokens in front is refused, in the fragment', async () => {
    for (const response_type of ['token', 'id_token', 'id_token token', 'code id_token', 'code token']) {
      const { location, parameters } = answerOf(await system.agent().get(authorizationPath(client, { response_type })))
      expect(location.search).toBe('')
      expect(parameters).toMatchObject({ error: 'unsupported_response_type', state: 'the-state', iss: system.issuer })
    }
  })

  test('PAR-14 a response type with tokens in front never answers in the query, asked to or not', async () => {
    const parameters = { response_type: 'id_token token', response_mode: 'query' }
    const answer = answerOf(await system.agent().get(authorizationPath(client, parameters)))
    expect([answer.location.search, answer.parameters['error']]).toEqual(['', 'unsupported_response_type'])
    const pushed = await fetch(`${system.issuer}/as/par`, {
      method: 'POST',
      headers: basic(client),
      body: new URLSearchParams({ redirect_uri: client.redirectUri, scope: 'openid', ...parameters }),
    })
    expect([pushed.status, await pushed.json()]).toMatchObject([400, { error: 'unsupported_response_type' }])
  })

  test('AUT-07 a response mode that the metadata does not list is invalid_request', async () => {
    for (const response_mode of ['jwt', 'query.jwt', 'web_message', 'Query'])
      expect(answerOf(await system.agent().get(authorizationPath(client, { response_mode }))).parameters).toMatchObject(
        { error: 'invalid_request', state: 'the-state' },
      )
  })

  test('AUT-27 attack O14 markup in state is text on the form_post page', async () => {
    const agent = await signedInAgent()
    for (const state of [
      '"><script>alert(1)</script>',
      `' onfocus='alert(1)`,
      '</form><form action=https://evil.example>',
      '&quot;&#34;<!--',
    ]) {
      const page = await (
        await agent.get(authorizationPath(client, { response_mode: 'form_post', prompt: 'none', state }))
      ).text()
      expect(formOf(page).hidden['state']).toBe(state)
      expect(page.match(/<form/g)).toHaveLength(1)
      expect(page).not.toMatch(/alert\(1\)<|<!--|onfocus='/)
      expect(page.match(/<script[^>]*>/g)).toEqual([expect.stringMatching(/^<script src="\/assets\/[\w.-]+" defer=?/)])
    }
  })

  test('AUT-27 FP-04 the form_post page is not stored, runs nothing inline, and may post to the client only', async () => {
    const agent = await signedInAgent()
    const response = await agent.get(authorizationPath(client, { response_mode: 'form_post', prompt: 'none' }))
    expect(response.headers.get('cache-control')).toBe('no-store')
    expect(response.headers.get('referrer-policy')).toBe('no-referrer')
    const policy = response.headers.get('content-security-policy') ?? ''
    expect(policy).toContain(`form-action 'self' ${new URL(client.redirectUri).origin};`)
    expect(policy).not.toMatch(/unsafe|\*/)
    expect(await response.text()).toMatch(/<button type="submit"/)
  })
})
