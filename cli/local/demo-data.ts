import { Anything, ClientAnswer, UserAnswer } from '../admin/answers.ts'
import type { AdminClient } from '../admin/client.ts'
import { samlAddresses, samlMetadata } from '../demo/saml-metadata.ts'
import { CliError } from '../error.ts'
import { PartnerAnswer } from '../saml/answers.ts'

/** Who signs in to the demo. The password is public: it exists in local environments only. */
export const demoPerson = {
  email: 'demo@example.com',
  username: 'demo',
  password: 'demo-password-for-localhost',
} as const

/** The demo relying party. Its secret is as public as the password above. */
export const demoClient = { client_id: 'demo', client_secret: 'demo-secret-for-localhost' } as const

/** Signing in by a redirect, and as a device without a keyboard. */
const demoGrants = ['authorization_code', 'refresh_token', 'urn:ietf:params:oauth:grant-type:device_code']

/** Every standard claim of OpenID Connect Core §5.1. */
const claims = {
  name: 'Ada King Lovelace',
  given_name: 'Ada',
  family_name: 'Lovelace',
  middle_name: 'King',
  nickname: 'Countess',
  preferred_username: 'ada',
  profile: 'https://example.com/people/ada',
  picture: 'https://example.com/people/ada.png',
  website: 'https://example.com',
  gender: 'female',
  birthdate: '1815-12-10',
  zoneinfo: 'Europe/London',
  locale: 'en-GB',
  phone_number: '+442079460123',
  phone_number_verified: true,
  address: {
    formatted: '12 St James’s Square\nLondon SW1Y 4LB\nUnited Kingdom',
    street_address: '12 St James’s Square',
    locality: 'London',
    region: 'England',
    postal_code: 'SW1Y 4LB',
    country: 'United Kingdom',
  },
} as const

/** Makes the demo person and client where they are missing, and lets the client return to where the demo is now. */
export async function ensureDemo(admin: AdminClient, demoUrl: string): Promise<void> {
  const redirects = {
    redirect_uris: [`${demoUrl}/callback`],
    post_logout_redirect_uris: [`${demoUrl}/`],
  }
  const [person, client] = await Promise.all([
    admin.get(`/users/${encodeURIComponent(demoPerson.email)}`, UserAnswer).catch(missing),
    admin.get(`/clients/${demoClient.client_id}`, ClientAnswer).catch(missing),
  ])
  if (!person) await admin.post('/users', { ...demoPerson, emailVerified: true, claims }, Anything)
  if (!client) {
    await admin.post(
      '/clients',
      {
        ...demoClient,
        ...redirects,
        client_name: 'Demo application',
        application_type: 'web',
        grant_types: demoGrants,
        response_types: ['code'],
        token_endpoint_auth_method: 'client_secret_basic',
        scope: 'openid profile email address phone offline_access',
      },
      Anything,
    )
  } else if (client.client.redirect_uris?.[0] !== redirects.redirect_uris[0] || !hasGrants(client.client)) {
    await admin.patch(`/clients/${demoClient.client_id}`, { ...redirects, grant_types: demoGrants }, Anything)
  }
}

function hasGrants({ grant_types: given }: { grant_types?: readonly string[] | undefined }): boolean {
  return demoGrants.every((grant) => given?.includes(grant))
}

function missing(error: unknown): undefined {
  if (error instanceof CliError && error.code === 'not_found') return undefined
  throw error
}

/** The alias under which the demo application is a SAML partner. */
const demoAlias = 'demo'

/** Makes the demo application a SAML partner, at the address that it has now. */
export async function ensureSamlDemo(admin: AdminClient, demoUrl: string): Promise<void> {
  const known = await admin.get(`/saml/sp/${demoAlias}`, PartnerAnswer).catch(missing)
  if (known?.partner.entityId === samlAddresses(demoUrl).entityId) return
  if (known) await admin.delete(`/saml/sp/${demoAlias}`, Anything)
  await admin.post(
    '/saml/sp',
    { metadata: samlMetadata(demoUrl), alias: demoAlias, attributeFormat: 'basic' },
    PartnerAnswer,
  )
}
