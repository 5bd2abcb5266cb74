import { createHash } from 'node:crypto'
import * as oauth from 'oauth4webapi'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { goThrough } from '../support/person.ts'
import { openStage, type Stage } from '../support/stage.ts'
import { startSystem, type TestClient } from '../support/system.ts'

let stage: Stage
let server: oauth.AuthorizationServer
const insecure = { [oauth.allowInsecureRequests]: true }

beforeAll(async () => {
  stage = await openStage(startSystem({ variables: { REGISTRATION: 'open' } }))
  const issuer = new URL(stage.system.issuer)
  server = await oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, insecure))
})
afterEach(() => stage.tidy())
afterAll(() => stage.close())

/** A relying party that checks everything this strict library can check: iss, state, nonce, auth_time, signatures. */
class RelyingParty {
  readonly client: oauth.Client
  readonly authentication: oauth.ClientAuth
  readonly redirectUri = `${stage.site.origin}/callback`
  readonly verifier = oauth.generateRandomCodeVerifier()
  readonly state = oauth.generateRandomState()
  readonly nonce = oauth.generateRandomNonce()

  constructor(
    client: Pick<oauth.Client, 'client_id' | 'id_token_signed_response_alg'>,
    authentication: oauth.ClientAuth,
  ) {
    const { client_id, id_token_signed_response_alg = 'RS256' } = client
    this.client = { client_id, id_token_signed_response_alg, require_auth_time: true }
    this.authentication = authentication
  }

  async parameters(scope: string): Promise<Record<string, string>> {
    return {
      client_id: this.client.client_id,
      redirect_uri: this.redirectUri,
      response_type: 'code',
      scope,
      state: this.state,
      nonce: this.nonce,
      code_challenge: await oauth.calculatePKCECodeChallenge(this.verifier),
      code_challenge_method: 'S256',
    }
  }

  authorizationUrl(parameters: Record<string, string>): URL {
    return new URL(`${server.authorization_endpoint}?${new URLSearchParams(parameters)}`)
  }

  redeem(callback: URL): Promise<Response> {
    const validated = oauth.validateAuthResponse(server, this.client, callback, this.state)
    const { client, authentication, redirectUri, verifier } = this
    return oauth.authorizationCodeGrantRequest(
      server,
      client,
      authentication,
      validated,
      redirectUri,
      verifier,
      insecure,
    )
  }

  async tokens(callback: URL): Promise<oauth.TokenEndpointResponse> {
    const response = await this.redeem(callback)
    const tokens = await oauth.processAuthorizationCodeResponse(server, this.client, response, {
      expectedNonce: this.nonce,
      requireIdToken: true,
      maxAge: 60,
    })
    await oauth.validateApplicationLevelSignature(server, response, insecure)
    return tokens
  }

  async refresh(token: string | undefined): Promise<oauth.TokenEndpointResponse> {
    const response = await oauth.refreshTokenGrantRequest(
      server,
      this.client,
      this.authentication,
      token ?? '',
      insecure,
    )
    return oauth.processRefreshTokenResponse(server, this.client, response)
  }

  async userinfo(accessToken: string, sub: string): Promise<oauth.UserInfoResponse> {
    const response = await oauth.userInfoRequest(server, this.client, accessToken, insecure)
    return oauth.processUserInfoResponse(server, this.client, sub, response)
  }

  async introspect(token: string | undefined): Promise<oauth.IntrospectionResponse> {
    const { client, authentication } = this
    const response = await oauth.introspectionRequest(server, client, authentication, token ?? '', insecure)
    return oauth.processIntrospectionResponse(server, client, response)
  }

  async revoke(token: string | undefined): Promise<void> {
    const { client, authentication } = this
    await oauth.processRevocationResponse(
      await oauth.revocationRequest(server, client, authentication, token ?? '', insecure),
    )
  }
}

function confidential(client: TestClient): RelyingParty {
  return new RelyingParty(client, oauth.ClientSecretBasic(client.secret))
}

async function signedIn(relyingParty: RelyingParty, scope: string) {
  const [page, user] = await Promise.all([stage.newPage(), stage.system.user()])
  const request = relyingParty.authorizationUrl(await relyingParty.parameters(scope))
  const callback = await goThrough(page, request, user)
  return { page, user, callback, tokens: await relyingParty.tokens(callback) }
}

function subjectOf(tokens: oauth.TokenEndpointResponse): string | undefined {
  return oauth.getValidatedIdTokenClaims(tokens)?.sub
}

describe('oauth4webapi through a browser', () => {
  test('B-01 B-30 AUT-11 DSC-02 TOK-15 signs in, and reads userinfo', async () => {
    const relyingParty = confidential(await stage.client({ id_token_signed_response_alg: 'ES256' }))
    const { tokens, user } = await signedIn(relyingParty, 'openid email phone')
    expect(subjectOf(tokens)).toBe(user.sub)
    expect(tokens.scope).toBe('openid email phone')
    // The one hash that the library leaves to its caller (Core §3.1.3.6).
    const half = createHash('sha256').update(tokens.access_token).digest().subarray(0, 16)
    expect(oauth.getValidatedIdTokenClaims(tokens)?.['at_hash']).toBe(half.toString('base64url'))
    const userinfo = await relyingParty.userinfo(tokens.access_token, user.sub)
    expect(userinfo).toMatchObject({ email: user.email, phone_number: '+44 20 7946 0000' })
  })

  test('TOK-13 gives an access token that a resource server accepts by RFC 9068', async () => {
    const { tokens, user } = await signedIn(confidential(await stage.client()), 'openid api.read')
    const call = new Request('https://api.example/', { headers: { authorization: `Bearer ${tokens.access_token}` } })
    const claims = await oauth.validateJwtAccessToken(server, call, stage.system.issuer, insecure)
    expect(claims).toMatchObject({ sub: user.sub, scope: 'openid api.read' })
  })

  test('AUT-08 signs in as a public client by PKCE alone', async () => {
    const client = await stage.client({
      token_endpoint_auth_method: 'none',
      secrets: [],
      grant_types: ['authorization_code', 'refresh_token'],
    })
    const { tokens, user } = await signedIn(new RelyingParty(client, oauth.None()), 'openid')
    expect(subjectOf(tokens)).toBe(user.sub)
  })

  test('PAR-03 B-29 signs in by a pushed request, and refreshes', async () => {
    const relyingParty = confidential(await stage.client())
    const { client, authentication } = relyingParty
    const pushed = await oauth.processPushedAuthorizationResponse(
      server,
      client,
      await oauth.pushedAuthorizationRequest(
        server,
        client,
        authentication,
        await relyingParty.parameters('openid offline_access'),
        insecure,
      ),
    )
    const [page, user] = await Promise.all([stage.newPage(), stage.system.user()])
    const request = { client_id: client.client_id, request_uri: pushed.request_uri }
    const tokens = await relyingParty.tokens(await goThrough(page, relyingParty.authorizationUrl(request), user))
    const refreshed = await relyingParty.refresh(tokens.refresh_token)
    expect(subjectOf(refreshed)).toBe(user.sub)
    expect(refreshed.refresh_token).not.toBe(tokens.refresh_token)
  })

  test('CLA-05 authenticates by private_key_jwt at every endpoint', async () => {
    const { publicKey, privateKey } = await oauth.generateKeyPair('PS256', { extractable: true })
    const { n = '', e = '' } = await crypto.subtle.exportKey('jwk', publicKey)
    const client = await stage.client({
      token_endpoint_auth_method: 'private_key_jwt',
      jwks: { keys: [{ kty: 'RSA', n, e, kid: 'theirs', alg: 'PS256' }] },
    })
    const relyingParty = new RelyingParty(client, oauth.PrivateKeyJwt({ key: privateKey, kid: 'theirs' }))
    const { tokens, user } = await signedIn(relyingParty, 'openid offline_access')
    expect(subjectOf(await relyingParty.refresh(tokens.refresh_token))).toBe(user.sub)
    expect(await relyingParty.introspect(tokens.access_token)).toMatchObject({ active: true })
    await relyingParty.revoke(tokens.access_token)
    expect(await relyingParty.introspect(tokens.access_token)).toEqual({ active: false })
  })

  test('B-26 attack O1 answers a replayed code with invalid_grant, and ends the tokens it gave', async () => {
    const relyingParty = confidential(await stage.client())
    const { callback, tokens, user } = await signedIn(relyingParty, 'openid')
    const replay = await relyingParty.redeem(callback)
    await expect(oauth.processAuthorizationCodeResponse(server, relyingParty.client, replay)).rejects.toMatchObject({
      error: 'invalid_grant',
      status: 400,
    })
    await expect(relyingParty.userinfo(tokens.access_token, user.sub)).rejects.toMatchObject({
      cause: [{ scheme: 'bearer', parameters: { error: 'invalid_token' } }],
    })
  })

  test('LGO-01 LGO-03 signs out where the hint is valid, and only then without asking', async () => {
    const relyingParty = confidential(await stage.client())
    const { page, tokens } = await signedIn(relyingParty, 'openid')
    const signOut = (more: Record<string, string>) =>
      page.goto(
        `${server.end_session_endpoint}?${new URLSearchParams({
          client_id: relyingParty.client.client_id,
          post_logout_redirect_uri: `${stage.site.origin}/signed-out`,
          ...more,
        })}`,
      )
    await signOut({})
    expect(await page.getByRole('heading', { level: 1 }).textContent()).toBe('Sign out?')
    await signOut({ id_token_hint: tokens.id_token ?? '' })
    expect(page.url()).toBe(`${stage.site.origin}/signed-out`)
  })
})

describe('oauth4webapi and the management of clients and tokens', () => {
  test('REG-14 REG-17 introspects, and revokes a refresh token with its grant', async () => {
    const relyingParty = confidential(await stage.client())
    const { tokens, user } = await signedIn(relyingParty, 'openid offline_access')
    expect(await relyingParty.introspect(tokens.access_token)).toMatchObject({
      active: true,
      sub: user.sub,
      iss: stage.system.issuer,
      client_id: relyingParty.client.client_id,
      token_type: 'Bearer',
    })
    await relyingParty.revoke(tokens.refresh_token)
    expect(await relyingParty.introspect(tokens.access_token)).toEqual({ active: false })
    await expect(relyingParty.refresh(tokens.refresh_token)).rejects.toMatchObject({ error: 'invalid_grant' })
  })

  test('REG-03 REG-04 registers itself with defaults, and signs a person in', async () => {
    const metadata = { client_name: 'Self-made', redirect_uris: [`${stage.site.origin}/callback`] }
    const registered = await oauth.processDynamicClientRegistrationResponse(
      await oauth.dynamicClientRegistrationRequest(server, metadata, insecure),
    )
    const { client_secret: secret } = registered
    if (typeof secret !== 'string') throw new Error('no secret was given')
    const { tokens, user } = await signedIn(
      new RelyingParty(registered, oauth.ClientSecretBasic(secret)),
      'openid profile',
    )
    expect(subjectOf(tokens)).toBe(user.sub)
  })
})
