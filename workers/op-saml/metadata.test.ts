import { expect, test } from 'vitest'
import { bindings } from './bindings.ts'
import { readMetadata } from './metadata-read.ts'
import { metadataMarkup } from './metadata-write.ts'
import { nameIdFormats } from './name-id.ts'
import { signed } from './sign.ts'
import { testKeys } from './testing/keys.ts'
import { now, signerOf } from './testing/peer.ts'
import { dateTime } from './time.ts'

const refused = { code: 'invalid_request' }
const issuer = 'https://id.example.com'
const certificates = [testKeys.partner.certificate, testKeys.partner2.certificate]

async function ours(): Promise<string> {
  const slo = [{ url: `${issuer}/saml/idp/slo`, binding: bindings.redirect }]
  const markup = metadataMarkup({
    id: '_metadata',
    entityId: `${issuer}/saml/idp/metadata`,
    identityProvider: {
      signingCertificates: certificates,
      encryptionCertificates: [],
      slo,
      sso: `${issuer}/saml/idp/sso`,
    },
    serviceProvider: {
      signingCertificates: certificates,
      encryptionCertificates: [testKeys.partner.certificate],
      slo,
      acs: `${issuer}/saml/sp/acs`,
      nameIdFormats: [nameIdFormats.persistent],
    },
  })
  return (await signed(markup, await signerOf('partner'), 0)).raw
}

function entity(id: string, attributes = '', roles = role()): string {
  return `<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" entityID="${id}" ${attributes}>${roles}</md:EntityDescriptor>`
}

function role(location = 'https://sp.example/acs', attributes = ''): string {
  return `<md:SPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol" ${attributes}>
    <md:KeyDescriptor><ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:X509Data><ds:X509Certificate>
      ${testKeys.partner.certificate.replaceAll(/.{64}/g, '$&\n')}
    </ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>
    <md:AssertionConsumerService Binding="${bindings.post}" Location="${location}" index="3" isDefault="true"/>
    <md:AssertionConsumerService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Artifact" Location="https://sp.example/art" index="4"/>
  </md:SPSSODescriptor>`
}

function aggregate(content: string, attributes = ''): string {
  return `<md:EntitiesDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" ${attributes}>${content}</md:EntitiesDescriptor>`
}

test('SML-25 our metadata has both roles and, during a rotation, both certificates', async () => {
  const read = await readMetadata(await ours(), { now, local: false, certificates })
  expect(read).toMatchObject([
    {
      role: 'sp',
      entityId: `${issuer}/saml/idp/metadata`,
      signingCertificates: certificates,
      encryptionCertificates: [testKeys.partner.certificate],
      acs: [{ url: `${issuer}/saml/sp/acs`, isDefault: true }],
    },
    {
      role: 'idp',
      entityId: `${issuer}/saml/idp/metadata`,
      signingCertificates: certificates,
      sso: [{ binding: bindings.redirect }, { binding: bindings.post }],
      slo: [{ url: `${issuer}/saml/idp/slo` }],
    },
  ])
})

test('SML-24 a signature that is asked for has to be there and right', async () => {
  const text = await ours()
  const stranger = [testKeys.stranger.certificate]
  await expect(readMetadata(text, { now, local: false, certificates: stranger })).rejects.toMatchObject(refused)
  const changed = text.replace('/saml/sp/acs', '/evil')
  await expect(readMetadata(changed, { now, local: false, certificates })).rejects.toMatchObject(refused)
  await expect(readMetadata(entity('a'), { now, local: false, certificates })).rejects.toMatchObject(refused)
})

test('SML-24 keys without a use serve both, and only bindings that we speak are kept', async () => {
  expect(await readMetadata(entity('urn:a'), { now, local: false })).toMatchObject([
    {
      role: 'sp',
      signingCertificates: [testKeys.partner.certificate],
      encryptionCertificates: [testKeys.partner.certificate],
      acs: [{ url: 'https://sp.example/acs', index: 3, isDefault: true }],
    },
  ])
})

test('SML-24 an aggregate is split by entity', async () => {
  const text = aggregate(aggregate(entity('urn:a')) + entity('urn:b'))
  const read = async (entityId?: string) =>
    (await readMetadata(text, { now, local: false, entityId })).map((each) => each.entityId)
  expect(await read()).toEqual(['urn:a', 'urn:b'])
  expect(await read('urn:b')).toEqual(['urn:b'])
  await expect(read('urn:c')).rejects.toMatchObject(refused)
  await expect(readMetadata(aggregate(entity('a') + entity('a')), { now, local: false })).rejects.toMatchObject(refused)
})

test('SML-24 what has expired is refused, wherever it says so', async () => {
  const until = (time: number) => `validUntil="${dateTime(time)}"`
  for (const text of [
    entity('a', until(now - 1)),
    entity('a', '', role('https://sp.example/acs', until(now - 1))),
    aggregate(entity('a', until(now + 50)), until(now - 1)),
  ])
    await expect(readMetadata(text, { now, local: false })).rejects.toMatchObject(refused)
  const [read] = await readMetadata(aggregate(entity('a', until(now + 50)), until(now + 90)), { now, local: false })
  expect(read?.validUntil).toBe(now + 50)
})

test.for(['javascript:alert(1)', 'http://sp.example/acs', 'data:text/html,x', '/acs', 'https://a:b@sp.example/', ''])(
  'SML-24 attack M11 the endpoint "%s" is refused',
  async (location) => {
    await expect(readMetadata(entity('a', '', role(location)), { now, local: true })).rejects.toMatchObject(refused)
  },
)

test('SML-24 http on loopback is for local environments', async () => {
  const text = entity('a', '', role('http://127.0.0.1:9/acs'))
  await expect(readMetadata(text, { now, local: false })).rejects.toMatchObject(refused)
  expect(await readMetadata(text, { now, local: true })).toHaveLength(1)
})

test('SML-02 attack M6 metadata with a document type, and other documents', async () => {
  for (const text of [`<!DOCTYPE x>${entity('a')}`, '<a/>', '', 'a', `<?x?>${entity('a')}`])
    await expect(readMetadata(text, { now, local: false })).rejects.toMatchObject(refused)
})
