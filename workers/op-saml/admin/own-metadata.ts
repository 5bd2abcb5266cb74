import { ownIdentityProviderId, ownServiceProvider } from '../own-entity.ts'
import { isoTime } from '../../../shared/http/admin/page.ts'
import { readCertificate } from '../certificate.ts'
import type { SamlCall } from '../deps.ts'

/** What partners have to know of us, for those who type it into a form: the same as the metadata documents say. */
export async function showOwnMetadata(call: SamlCall): Promise<Response> {
  const { deps, now } = call
  const certificates = await deps.keys.certificates(now)
  const sp = ownServiceProvider(deps.issuer, undefined)
  return call.answer({
    idp: {
      entityId: ownIdentityProviderId(deps.issuer),
      metadataUrl: ownIdentityProviderId(deps.issuer),
      ssoUrl: `${deps.issuer}/saml/idp/sso`,
      sloUrl: `${deps.issuer}/saml/idp/slo`,
    },
    sp: { entityId: sp.entityId, metadataUrl: sp.entityId, acsUrl: sp.acs, sloUrl: sp.slo },
    certificates: certificates.map((certificate, index) => ({
      certificate,
      signs: index === 0,
      expiresAt: isoTime(readCertificate(certificate).notAfter),
    })),
  })
}
