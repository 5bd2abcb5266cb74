import type { Partner } from '../../../shared/protocol/saml-partner.ts'
import { isoTime } from '../../../shared/http/admin/page.ts'
import { readCertificate } from '../certificate.ts'
import { loginAddress, ownIdentityProviderId, ownServiceProvider } from '../own-entity.ts'

/** A partner as the admin API shows it: what is stored, with dates for people and the addresses that it needs of us. */
export function shownPartner(partner: Partner, issuer: string): object {
  const { v: _, revision: __, createdAt, metadataFetchedAt, refreshAt, validUntil, ...record } = partner
  const certificates = shownCertificates(partner)
  const expiries = certificates.map(({ expiresAt }) => expiresAt).toSorted()
  return {
    ...record,
    createdAt: isoTime(createdAt),
    ...(metadataFetchedAt !== undefined && { metadataFetchedAt: isoTime(metadataFetchedAt) }),
    ...(refreshAt !== undefined && { refreshAt: isoTime(refreshAt) }),
    ...(validUntil !== undefined && { validUntil: isoTime(validUntil) }),
    certificates,
    // The first that runs out, of those that still count.
    certificatesExpireAt: expiries[0] ?? null,
    ...addresses(partner, issuer),
  }
}

interface ShownCertificate {
  readonly use: 'signing' | 'encryption'
  readonly expiresAt: string
}

function shownCertificates(partner: Partner): ShownCertificate[] {
  const shown = (use: ShownCertificate['use'], certificates: readonly string[]) =>
    certificates.map((certificate) => ({ use, expiresAt: isoTime(readCertificate(certificate).notAfter) }))
  return [...shown('signing', partner.signingCertificates), ...shown('encryption', partner.encryptionCertificates)]
}

function addresses(partner: Partner, issuer: string): object {
  if (partner.role === 'sp') return { idpMetadataUrl: ownIdentityProviderId(issuer) }
  const own = ownServiceProvider(issuer, partner)
  return {
    loginUrl: loginAddress(issuer, partner.alias),
    spEntityId: own.entityId,
    spMetadataUrl: own.entityId,
    spAcsUrl: own.acs,
  }
}
