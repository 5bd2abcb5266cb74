import { bindings } from '../bindings.ts'
import type { SamlContext } from '../deps.ts'
import { metadataMarkup } from '../metadata-write.ts'
import { nameIdFormats } from '../name-id.ts'
import { ownServiceProvider } from '../own-entity.ts'
import { newId } from '../response.ts'
import { signed } from '../sign.ts'
import { trustedAlias } from './partner.ts'

/** Our metadata as a service provider, signed; of one identity provider, or common to all (Metadata §2.3.2). */
export async function spMetadata(c: SamlContext): Promise<Response> {
  const { deps, now } = c.var
  const alias = c.req.param('alias')
  const { entityId, acs, slo } = ownServiceProvider(
    deps.issuer,
    alias === undefined ? undefined : await trustedAlias(c, alias),
  )
  const certificates = await deps.keys.certificates(now)
  const markup = metadataMarkup({
    id: newId(),
    entityId,
    serviceProvider: {
      signingCertificates: certificates,
      // That of the key that signs: whoever encrypts has to choose one.
      encryptionCertificates: certificates.slice(0, 1),
      acs,
      slo: [bindings.redirect, bindings.post].map((binding) => ({ url: slo, binding })),
      nameIdFormats: [nameIdFormats.persistent, nameIdFormats.emailAddress, nameIdFormats.unspecified],
    },
  })
  const { raw } = await signed(markup, await deps.keys.signer(now), 0)
  return c.body(raw, 200, {
    'content-type': 'application/samlmetadata+xml',
    'content-disposition': 'inline; filename="authrim-sp.xml"',
    'cache-control': 'public, max-age=300',
  })
}
