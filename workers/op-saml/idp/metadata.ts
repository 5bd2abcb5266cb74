import { bindings } from '../bindings.ts'
import type { SamlContext } from '../deps.ts'
import { metadataMarkup } from '../metadata-write.ts'
import { newId } from '../response.ts'
import { signed } from '../sign.ts'
import { idpAddresses } from './addresses.ts'

/** Our metadata as an identity provider, signed; during a rotation with both certificates (Metadata §2.3.2). */
export async function metadata(c: SamlContext): Promise<Response> {
  const { deps, now } = c.var
  const { entityId, sso, slo } = idpAddresses(deps.issuer)
  const markup = metadataMarkup({
    id: newId(),
    entityId,
    identityProvider: {
      signingCertificates: await deps.keys.certificates(now),
      encryptionCertificates: [],
      sso,
      slo: [bindings.redirect, bindings.post].map((binding) => ({ url: slo, binding })),
    },
  })
  const { raw } = await signed(markup, await deps.keys.signer(now), 0)
  return c.body(raw, 200, {
    'content-type': 'application/samlmetadata+xml',
    'content-disposition': 'inline; filename="authrim-idp.xml"',
    'cache-control': 'public, max-age=300',
  })
}
