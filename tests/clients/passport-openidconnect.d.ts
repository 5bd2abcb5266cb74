/** The part of the package's interface that the test uses; it comes without types. */
declare module 'passport-openidconnect' {
  interface Options {
    issuer: string
    authorizationURL: string
    tokenURL: string
    userInfoURL: string
    clientID: string
    clientSecret: string
    callbackURL: string
    scope: string[]
    nonce: boolean
    skipUserProfile: boolean
  }

  export interface Profile {
    id: string
    displayName?: string
    emails?: { value: string }[]
  }

  type Done = (error: unknown, user: object) => void

  export class Strategy {
    constructor(options: Options, verify: (issuer: string, profile: Profile, done: Done) => void)
    authenticate(request: { query: Record<string, string>; session: object }): void
    // What passport itself would listen to.
    success(user: object): void
    redirect(url: string): void
    fail(info: unknown): void
    error(error: unknown): void
  }
}
