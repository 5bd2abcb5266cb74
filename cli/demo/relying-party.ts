import * as oidc from 'openid-client'

export interface ClientRegistration {
  readonly issuer: string
  readonly clientId: string
  readonly clientSecret: string
  readonly redirectUri: string
  readonly postLogoutRedirectUri: string
}

/** What the browser's session remembers between sending the person away and their return. */
export interface SignInAttempt {
  readonly state: string
  readonly nonce: string
  readonly codeVerifier: string
}

export interface Tokens {
  readonly idToken: string
  readonly accessToken: string
  readonly refreshToken: string | undefined
  readonly sub: string
}

/** A device that waits for the person. */
export interface DeviceAttempt {
  readonly userCode: string
  readonly address: string
  readonly completeAddress: string
  /** What polling brought in the end. */
  outcome: { readonly tokens: Tokens } | { readonly error: unknown } | undefined
}

const SCOPE = 'openid profile email address phone offline_access'

/** An OpenID Connect relying party with a secret: all of what it says to the provider is here. */
export class RelyingParty {
  readonly #client: ClientRegistration
  #configuration: Promise<oidc.Configuration> | undefined

  constructor(client: ClientRegistration) {
    this.#client = client
  }

  /** Where to send the person, and what to remember until they return. */
  async startSignIn(): Promise<{ url: URL; attempt: SignInAttempt }> {
    const attempt = {
      state: oidc.randomState(),
      nonce: oidc.randomNonce(),
      codeVerifier: oidc.randomPKCECodeVerifier(),
    }
    const url = oidc.buildAuthorizationUrl(await this.#discover(), {
      redirect_uri: this.#client.redirectUri,
      scope: SCOPE,
      state: attempt.state,
      nonce: attempt.nonce,
      code_challenge: await oidc.calculatePKCECodeChallenge(attempt.codeVerifier),
      code_challenge_method: 'S256',
      // Offline access is given only when the person is asked (OpenID Connect Core §11).
      prompt: 'consent',
    })
    return { url, attempt }
  }

  /** Exchanges the code that came back; state, nonce, issuer and the ID token are checked on the way. */
  async finishSignIn(callback: URL, attempt: SignInAttempt): Promise<Tokens> {
    const answer = await oidc.authorizationCodeGrant(await this.#discover(), callback, {
      expectedState: attempt.state,
      expectedNonce: attempt.nonce,
      pkceCodeVerifier: attempt.codeVerifier,
      idTokenExpected: true,
    })
    return tokensOf(answer)
  }

  /** What a device would show, and its tokens as soon as the person has allowed it. */
  async startDevice(): Promise<DeviceAttempt> {
    const configuration = await this.#discover()
    const device = await oidc.initiateDeviceAuthorization(configuration, { scope: SCOPE })
    const attempt: DeviceAttempt = {
      userCode: device.user_code,
      address: device.verification_uri,
      completeAddress: device.verification_uri_complete ?? device.verification_uri,
      outcome: undefined,
    }
    oidc.pollDeviceAuthorizationGrant(configuration, device).then(
      (answer) => (attempt.outcome = { tokens: tokensOf(answer) }),
      (error: unknown) => (attempt.outcome = { error }),
    )
    return attempt
  }

  /** New tokens for the refresh token. */
  async refresh(former: Tokens): Promise<Tokens> {
    if (former.refreshToken === undefined) throw new Error('There is no refresh token.')
    return tokensOf(await oidc.refreshTokenGrant(await this.#discover(), former.refreshToken), former)
  }

  /** What the provider tells about the person; the subject must be the ID token's. */
  async userinfo({ accessToken, sub }: Tokens): Promise<Record<string, unknown>> {
    return { ...(await oidc.fetchUserInfo(await this.#discover(), accessToken, sub)) }
  }

  /** Where to send the person to end the provider's session too. */
  async signOutUrl({ idToken }: Tokens): Promise<URL> {
    return oidc.buildEndSessionUrl(await this.#discover(), {
      id_token_hint: idToken,
      post_logout_redirect_uri: this.#client.postLogoutRedirectUri,
    })
  }

  #discover(): Promise<oidc.Configuration> {
    const { issuer, clientId, clientSecret } = this.#client
    const insecure = issuer.startsWith('http:') ? [oidc.allowInsecureRequests] : []
    this.#configuration ??= oidc.discovery(new URL(issuer), clientId, undefined, oidc.ClientSecretBasic(clientSecret), {
      execute: insecure,
    })
    // A provider that was down is asked again at the next click.
    this.#configuration.catch(() => (this.#configuration = undefined))
    return this.#configuration
  }
}

function tokensOf(answer: oidc.TokenEndpointResponse & oidc.TokenEndpointResponseHelpers, former?: Tokens): Tokens {
  return {
    idToken: answer.id_token ?? former?.idToken ?? '',
    accessToken: answer.access_token,
    refreshToken: answer.refresh_token ?? former?.refreshToken,
    sub: answer.claims()?.sub ?? former?.sub ?? '',
  }
}
