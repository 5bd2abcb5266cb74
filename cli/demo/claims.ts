/** What the members of tokens mean, for the person who reads them. */
export const meanings: Readonly<Record<string, string>> = {
  alg: 'Signature algorithm',
  kid: 'Which of the provider’s keys signed it',
  typ: 'What kind of token it is',
  iss: 'Who issued it: the provider',
  sub: 'The person, by an identifier that never changes',
  aud: 'Whom it is for',
  exp: 'When it expires',
  iat: 'When it was issued',
  nbf: 'From when it is valid',
  auth_time: 'When the person signed in',
  nonce: 'Ties it to this sign-in, so that it cannot be replayed',
  acr: 'How strongly the person was authenticated',
  amr: 'By which methods: pwd is a password',
  azp: 'The client it was issued to',
  at_hash: 'Ties the access token to this ID token',
  sid: 'The provider’s session',
  jti: 'The token’s own identifier',
  client_id: 'The client that asked for it',
  scope: 'What it allows',
  grant_id: 'What the person allowed, from which tokens come',
  name: 'Full name',
  given_name: 'Given name',
  family_name: 'Family name',
  middle_name: 'Middle name',
  nickname: 'Nickname',
  preferred_username: 'Name the person likes to be called by',
  profile: 'Address of a profile page',
  picture: 'Address of a picture',
  website: 'Address of a web site',
  email: 'E-mail address',
  email_verified: 'Whether the e-mail address was shown to be theirs',
  gender: 'Gender',
  birthdate: 'Date of birth',
  zoneinfo: 'Time zone',
  locale: 'Language and region',
  phone_number: 'Telephone number',
  phone_number_verified: 'Whether the telephone number was shown to be theirs',
  address: 'Postal address',
  updated_at: 'When this was last changed',
}

const times = new Set(['exp', 'iat', 'nbf', 'auth_time', 'updated_at'])

/** A member's value as text; times also as a date. */
export function claimText(name: string, value: unknown): string {
  if (times.has(name) && typeof value === 'number') return `${value}\n${new Date(value * 1000).toUTCString()}`
  if (Array.isArray(value)) return value.map((item) => claimText('', item)).join(', ')
  return typeof value === 'string' ? value : JSON.stringify(value, undefined, 1)
}

/** Header and claims of a JWT, for display only: they were checked when the token came. Undefined for an opaque token. */
export function decode(token: string): { header: object; claims: object } | undefined {
  const [header, claims, signature] = token.split('.')
  if (!header || !claims || !signature) return undefined
  try {
    return { header: part(header), claims: part(claims) }
  } catch {
    return undefined
  }
}

function part(text: string): object {
  const value: unknown = JSON.parse(Buffer.from(text, 'base64url').toString())
  return typeof value === 'object' && value !== null ? value : {}
}
