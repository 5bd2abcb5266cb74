import type { Proof } from '../../../shared/http/sessions.ts'
import { passwordAcr } from '../../../shared/protocol/id-token.ts'
import type { Back } from './transaction.ts'

const classes = 'urn:oasis:names:tc:SAML:2.0:ac:classes:'

/** Ways to sign in that identity providers name, as values of `amr` (RFC 8176). */
const methods: Readonly<Record<string, readonly string[]>> = {
  [`${classes}Password`]: ['pwd'],
  [`${classes}PasswordProtectedTransport`]: ['pwd'],
  [`${classes}Kerberos`]: ['wia'],
  'urn:federation:authentication:windows': ['wia'],
  [`${classes}X509`]: ['swk'],
  [`${classes}TLSClient`]: ['swk'],
  [`${classes}SmartcardPKI`]: ['sc'],
  [`${classes}TimeSyncToken`]: ['otp'],
  [`${classes}MobileTwoFactorContract`]: ['mfa'],
  'https://refeds.org/profile/mfa': ['mfa'],
  'http://schemas.microsoft.com/claims/multipleauthn': ['mfa'],
}

/** Authentication context of somebody whom an identity provider signed in, by what it says of it. */
const federatedAcr = 'urn:authrim:acr:federated'

/** How somebody proved who they are, as far as their identity provider says it. `now` in seconds. */
export function proofOf(
  { entityId, nameId, sessionIndex, authnInstant, endsAt, contextClass }: Back,
  now: number,
): Proof {
  const amr = methods[contextClass ?? ''] ?? []
  return {
    acr: amr.includes('pwd') ? passwordAcr : federatedAcr,
    amr,
    authTime: Math.min(authnInstant, now),
    through: { role: 'idp', entityId, nameId, ...(sessionIndex !== undefined && { sessionIndex }) },
    ...(endsAt !== undefined && { endsAt }),
  }
}
