import { createServer, type Server } from 'node:http'
import { text } from 'node:stream/consumers'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { freePort } from '../embedded-cloudflare/listener.ts'
import { type Demo, startDemo } from './server.ts'

/** The least that an OpenID provider can be; the real one is tried in tests/flows. */
async function startProvider(): Promise<{ issuer: string; server: Server; nonce: (value: string) => void }> {
  const { publicKey, privateKey } = await generateKeyPair('ES256')
  let nonce = ''
  let issuer = ''
  const server = createServer(async (request, response) => {
    const body = new URLSearchParams(await text(request))
    const claims = { name: 'Ada <b>', sid: 's' }
    const idToken = () =>
      new SignJWT(body.get('grant_type') === 'refresh_token' ? claims : { ...claims, nonce })
        .setProtectedHeader({ alg: 'ES256' })
        .setIssuer(issuer)
        .setSubject('person')
        .setAudience('demo')
        .setIssuedAt()
        .setExpirationTime('5m')
        .sign(privateKey)
    const answers: Record<string, () => object | Promise<object>> = {
      '/.well-known/openid-configuration': () => ({
        issuer,
        authorization_endpoint: `${issuer}/authorize`,
        token_endpoint: `${issuer}/token`,
        jwks_uri: `${issuer}/jwks`,
        userinfo_endpoint: `${issuer}/userinfo`,
        end_session_endpoint: `${issuer}/logout`,
        response_types_supported: ['code'],
        subject_types_supported: ['public'],
        id_token_signing_alg_values_supported: ['ES256'],
        authorization_response_iss_parameter_supported: true,
      }),
      '/jwks': async () => ({ keys: [await exportJWK(publicKey)] }),
      '/token': async () => ({
        access_token: `access-${body.get('grant_type')}`,
        token_type: 'Bearer',
        expires_in: 300,
        refresh_token: 'refresh',
        id_token: await idToken(),
      }),
      '/userinfo': () => ({ sub: 'person', email: 'ada@example.com' }),
    }
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify(await answers[request.url ?? '']?.()))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  issuer = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`
  return { issuer, server, nonce: (value) => (nonce = value) }
}

describe('the demo application', () => {
  let provider: Awaited<ReturnType<typeof startProvider>>
  let demo: Demo
  let cookie = ''

  beforeAll(async () => {
    provider = await startProvider()
    demo = await startDemo({
      issuer: provider.issuer,
      clientId: 'demo',
      clientSecret: 'demo-secret-for-localhost',
      host: '127.0.0.1',
      port: await freePort(),
    })
  })

  afterAll(async () => {
    await demo.close()
    provider.server.close()
  })

  const send = async (method: string, path: string) => {
    const response = await fetch(demo.url + path, { method, headers: { cookie }, redirect: 'manual' })
    cookie = response.headers.get('set-cookie')?.replace(/;.*/, '') ?? cookie
    return response
  }

  test('it signs in, refreshes, calls userinfo and signs out', async () => {
    expect(await (await send('GET', '/')).text()).toContain('href="/signin"')
    const toProvider = new URL((await send('GET', '/signin')).headers.get('location') ?? '')
    expect(Object.fromEntries(toProvider.searchParams)).toMatchObject({
      client_id: 'demo',
      code_challenge_method: 'S256',
      redirect_uri: `${demo.url}/callback`,
      response_type: 'code',
    })
    provider.nonce(toProvider.searchParams.get('nonce') ?? '')
    const back = new URLSearchParams({
      code: 'c',
      state: toProvider.searchParams.get('state') ?? '',
      iss: provider.issuer,
    })
    const before = cookie
    expect((await send('GET', `/callback?${back}`)).headers.get('location')).toBe('/')
    expect(cookie).not.toBe(before)

    const home = await (await send('GET', '/')).text()
    expect(home).toContain('Hello, Ada &lt;b&gt;.')
    expect(home).toContain('Says who signed in')
    expect(home).toContain('access-authorization_code')
    await send('POST', '/refresh')
    await send('POST', '/userinfo')
    const later = await (await send('GET', '/')).text()
    expect(later).toContain('access-refresh_token')
    expect(later).toContain('ada@example.com')

    const away = new URL((await send('POST', '/signout')).headers.get('location') ?? '')
    expect(away.pathname).toBe('/logout')
    expect(away.searchParams.get('post_logout_redirect_uri')).toBe(`${demo.url}/`)
    expect(away.searchParams.get('id_token_hint')).toMatch(/^eyJ/)
    expect(await (await send('GET', '/')).text()).toContain('href="/signin"')
  })

  test('a return that this browser did not start, or with another state, signs nobody in', async () => {
    cookie = ''
    expect((await send('GET', '/callback?code=c&state=s')).status).toBe(400)
    await send('GET', '/signin')
    const answer = await send('GET', `/callback?code=c&state=other&iss=${provider.issuer}`)
    expect(answer.status).toBe(502)
    expect(await (await send('GET', '/')).text()).toContain('href="/signin"')
  })

  test('what the provider refused is shown as text', async () => {
    const state = new URL((await send('GET', '/signin')).headers.get('location') ?? '').searchParams.get('state') ?? ''
    const back = new URLSearchParams({
      error: 'access_denied',
      error_description: '<i>no</i>',
      state,
      iss: provider.issuer,
    })
    expect(await (await send('GET', `/callback?${back}`)).text()).toContain('access_denied: &lt;i&gt;no&lt;/i&gt;')
  })

  test('every page has its headers, and another host name is refused', async () => {
    const { headers } = await send('GET', '/nowhere')
    expect(headers.get('content-security-policy')).toContain("default-src 'none'")
    expect(headers.get('content-security-policy')).not.toContain('unsafe')
    expect(headers.get('referrer-policy')).toBe('no-referrer')
    expect((await fetch(demo.url.replace('127.0.0.1', 'localhost'))).status).toBe(421)
  })
})
