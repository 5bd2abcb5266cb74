import { createHmac, createPublicKey } from 'node:crypto'
import { expect, test } from 'vitest'
import { assertionMarkup } from './assertion.ts'
import { decodeBase64 } from './base64.ts'
import { encryptAssertion, type Unwrap } from './encryption.ts'
import { nameIdFormats } from './name-id.ts'
import { keyInfo, signed } from './sign.ts'
import { statusMarkup } from './status.ts'
import { testKeys } from './testing/keys.ts'
import { acs, believed, facts, now, peerResponse, receive, signerOf } from './testing/peer.ts'
import { writeXml } from './xml/write.ts'

const refused = { code: 'invalid_request' }

/** Changes text that has to be there. */
function altered(xml: string, from: string | RegExp, to: string): string {
  const changed = xml.replace(from, () => to)
  if (changed === xml) throw new Error(`${String(from)} does not occur`)
  return changed
}

async function reasonOf(reading: Promise<unknown>): Promise<string> {
  try {
    await reading
    return 'believed'
  } catch (error) {
    if (!(error instanceof Error)) throw error
    const reason = 'reason' in error ? error.reason : undefined
    return `${error.message}: ${reason instanceof Error ? reason.message : String(reason)}`
  }
}

/** Opens what was encrypted for the key of `partner2`, which plays us here. */
const unwrap: Unwrap = async (wrapped, hash) => {
  const octets = decodeBase64(testKeys.partner2.privateKey)
  const key = await crypto.subtle.importKey('pkcs8', octets, { name: 'RSA-OAEP', hash }, false, ['decrypt'])
  return new Uint8Array(await crypto.subtle.decrypt('RSA-OAEP', key, wrapped))
}

test('SML-02 attack M2 a comment in a name does not cut it', async () => {
  const nameId = { value: 'ada@example.com.evil.example', format: nameIdFormats.emailAddress }
  const xml = await peerResponse({ assertion: { nameId } })
  const commented = altered(xml, 'ada@example.com.evil.example', 'ada@example.com<!-- -->.evil.example')
  // Canonicalisation drops comments, so the signature still holds: what counts is that the name is read whole.
  expect(await believed(commented)).toBe('ada@example.com.evil.example')
  const cdata = altered(xml, 'ada@example.com.evil.example', '<![CDATA[ada@example.com]]>.evil.example')
  expect(await believed(cdata)).toBe('ada@example.com.evil.example')
})

test('SML-02 attack M2 a comment in an attribute value does not cut it', async () => {
  const xml = altered(await peerResponse(), '>staff<', '>sta<!-- x -->ff<')
  const read = await receive(xml)
  expect('assertion' in read && read.assertion.attributes.get('groups')).toEqual(['staff', 'maths'])
})

test.for(['<?x?>', '<?xml-stylesheet href="https://evil.example"?>'])(
  'SML-02 attack M3 the processing instruction %s is refused wherever it is',
  async (instruction) => {
    const xml = await peerResponse()
    for (const place of ['ada@example.com<', '<saml:Assertion', '<ds:DigestValue>', '<ds:SignatureValue>']) {
      const at =
        xml.indexOf(place) + (place.endsWith('<') ? place.length - 1 : place.startsWith('<ds') ? place.length : 0)
      await expect(believed(xml.slice(0, at) + instruction + xml.slice(at))).rejects.toMatchObject(refused)
    }
    await expect(believed(instruction + xml)).rejects.toMatchObject(refused)
    await expect(believed(xml + instruction)).rejects.toMatchObject(refused)
  },
)

test('SML-01 attack M4 a comment in DigestValue or SignatureValue', async () => {
  const xml = await peerResponse()
  for (const name of ['DigestValue', 'SignatureValue', 'SignedInfo', 'Signature'])
    await expect(
      believed(
        altered(xml, new RegExp(`<ds:${name}[^>]*>`), `${new RegExp(`<ds:${name}[^>]*>`).exec(xml)?.[0]}<!--x-->`),
      ),
    ).rejects.toMatchObject(refused)
})

test('SML-01 attack M4 two SignedInfo, two DigestValue, two References, two signatures', async () => {
  const xml = await peerResponse()
  for (const name of ['SignedInfo', 'DigestValue', 'Reference', 'SignatureValue', 'Signature']) {
    const whole = new RegExp(`<ds:${name}[ >].*</ds:${name}>`).exec(xml)?.[0] ?? ''
    const other = whole.replace(/<ds:DigestValue>[^<]*/, '<ds:DigestValue>AAAA')
    for (const pair of [whole + other, other + whole])
      await expect(believed(altered(xml, whole, pair))).rejects.toMatchObject(refused)
  }
})

test('SML-02 attack M5 what a parser would repair in a way of its own is refused', async () => {
  const xml = await peerResponse()
  const broken = [
    xml.replace('<saml:NameID ', '<saml:NameID x '),
    xml.replace('<saml:NameID ', '<saml:NameID x=1 '),
    xml.replace('<saml:NameID ', '<saml:NameID x="1"y="2" '),
    xml.replace('<saml:NameID ', '<saml:NameID x="1" x="2" '),
    xml.replace('</saml:NameID>', '</saml:nameid>'),
    xml.replace('</saml:NameID>', '</saml:NameID bogus>'),
    xml.replace('</saml:NameID>', ''),
    xml.replace('ada@example.com', 'ada&nbsp;x'),
    xml.replace('ada@example.com', 'ada&#0;x'),
    xml.replace('ada@example.com', 'ada\u0000x'),
    xml.replace('ada@example.com', 'ada & co'),
    xml.replace('ada@example.com', 'ada]]>x'),
    xml.replace('<saml:NameID ', '<evil:NameID '),
    `${xml}${xml}`,
    `${xml}text`,
    `text${xml}`,
    xml.slice(0, -1),
    xml.replace('<samlp:Response ', '<samlp:Response xmlns:saml="" '),
    `<?xml version="1.0" encoding="UTF-16"?>${xml}`,
    `<?xml version="1.1"?>${xml}`,
  ]
  for (const text of broken) {
    expect(text).not.toBe(xml)
    await expect(believed(text)).rejects.toMatchObject(refused)
  }
  expect(await believed(`<?xml version="1.0" encoding="utf-8"?>\n${xml}\n`)).toBe('ada@example.com')
})

test('SML-02 attack M6 document types and entities are refused before they are parsed', async () => {
  const xml = await peerResponse()
  const laughs = '<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;">'
  for (const type of [
    '<!DOCTYPE x>',
    `<!DOCTYPE x [${laughs}]>`,
    '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>',
    '<!DOCTYPE x PUBLIC "a" "https://evil.example/x.dtd">',
    '<!ENTITY a "b">',
    '<!doctype x>',
  ])
    expect(await reasonOf(believed(type + xml))).toContain('a document type')
  expect(await reasonOf(believed(altered(xml, 'ada@example.com', '&e;')))).toContain('an entity')
})

test('SML-02 attack M6 large and deep documents are refused before they are parsed', async () => {
  const huge = altered(await peerResponse(), 'ada@example.com', 'a'.repeat(300_000))
  await expect(believed(huge)).rejects.toMatchObject({ code: 'payload_too_large' })
  const deep = altered(await peerResponse(), 'ada@example.com', `${'<a>'.repeat(60)}${'</a>'.repeat(60)}`)
  expect(await reasonOf(believed(deep))).toContain('its depth')
  for (const many of ['<a/>', '<!---->', '<![CDATA[]]>'])
    expect(await reasonOf(believed(altered(await peerResponse(), 'ada@example.com', many.repeat(5000))))).toContain(
      'too many nodes',
    )
  const names = Array.from({ length: 300 }, (_, index) => `<a${index}/>`).join('')
  expect(await reasonOf(believed(altered(await peerResponse(), 'ada@example.com', names)))).toContain('too many names')
  const attributes = Array.from({ length: 70 }, (_, index) => ` a${index}=""`).join('')
  expect(
    await reasonOf(believed(altered(await peerResponse(), '<saml:NameID', `<saml:NameID${attributes}`))),
  ).toContain('too many attributes')
})

test('SML-10 SML-18 attack M7 an assertion that nobody signed', async () => {
  expect(await reasonOf(believed(await peerResponse({ signAssertion: false })))).toContain('not signed')
  const stripped = (await peerResponse()).replace(/<ds:Signature .*<\/ds:Signature>/, '')
  expect(await reasonOf(believed(stripped))).toContain('not signed')
  const emptied = (await peerResponse()).replace(/<ds:SignatureValue>[^<]*/, '<ds:SignatureValue>')
  await expect(believed(emptied)).rejects.toMatchObject(refused)
})

test('SML-01 attack M7 a changed value, and the signature of another document', async () => {
  const xml = await peerResponse()
  expect(await reasonOf(believed(altered(xml, 'ada@example.com', 'eve@example.com')))).toContain('was changed')
  const other = await peerResponse({ assertion: { nameId: { value: 'eve@example.com', format: 'x' } } })
  const signature = /<ds:Signature .*<\/ds:Signature>/.exec(other)?.[0] ?? ''
  await expect(believed(altered(xml, /<ds:Signature .*<\/ds:Signature>/, signature))).rejects.toMatchObject(refused)
})

test.for([
  ['Recipient', { assertion: { recipient: `${acs}/other` } }, 'Recipient'],
  ['Audience', { assertion: { audience: 'https://other.example' } }, 'Audience'],
  ['InResponseTo of the assertion', { assertion: { inResponseTo: '_other' } }, 'InResponseTo'],
  ['InResponseTo of the response', { inResponseTo: '_other' }, 'InResponseTo'],
  ['no InResponseTo at all', { inResponseTo: undefined, assertion: { inResponseTo: undefined } }, 'InResponseTo'],
  ['Destination', { destination: `${acs}/other`, signResponse: true }, 'Destination'],
  ['Issuer', { assertion: { issuer: 'https://other.example' } }, 'Issuer'],
  ['an assertion that is too old', { assertion: { now: now - 400 } }, 'too old'],
  ['an assertion of the future', { assertion: { now: now + 200 } }, 'of the future'],
  ['a response that is too old', { now: now - 400 }, 'too old'],
  ['a response of the future', { now: now + 100 }, 'of the future'],
  ['a session that has ended', { assertion: { sessionEndsAt: now - 100 } }, 'has ended'],
] as const)('SML-10 SML-11 SML-18 attack M8 wrong: %s', async ([, options, problem]) => {
  expect(await reasonOf(believed(await peerResponse(options)))).toContain(problem)
})

test('SML-17 SML-18 a minute of difference between clocks is forgiven', async () => {
  expect(await believed(await peerResponse({ now: now + 50, assertion: { now: now + 50 } }))).toBe('ada@example.com')
  expect(await believed(await peerResponse({ assertion: { now: now - 350 } }))).toBe('ada@example.com')
})

test('SML-18 a status other than success gives no assertion, and says what it was', async () => {
  const xml = await peerResponse({ status: statusMarkup('Responder', 'AuthnFailed', 'the person declined') })
  expect(await receive(xml)).toEqual({
    refused: { top: 'Responder', second: 'AuthnFailed', message: 'the person declined' },
  })
})

test('SML-03 attack M9 SHA-1 and MD5, in the signature or the digest', async () => {
  const xml = await peerResponse()
  for (const weak of [
    'http://www.w3.org/2000/09/xmldsig#rsa-sha1',
    'http://www.w3.org/2001/04/xmldsig-more#rsa-md5',
    'http://www.w3.org/2000/09/xmldsig#dsa-sha1',
  ])
    expect(await reasonOf(believed(altered(xml, /(?<=SignatureMethod Algorithm=")[^"]*/, weak)))).toContain(
      'the signature algorithm is not accepted',
    )
  for (const weak of ['http://www.w3.org/2000/09/xmldsig#sha1', 'http://www.w3.org/2001/04/xmldsig-more#md5'])
    expect(await reasonOf(believed(altered(xml, /(?<=DigestMethod Algorithm=")[^"]*/, weak)))).toContain(
      'the digest algorithm is not accepted',
    )
})

test('SML-03 attack M9 an HMAC with the public key as its secret', async () => {
  const spki = createPublicKey(pem(testKeys.partner.certificate)).export({ type: 'spki', format: 'pem' })
  for (const algorithm of [
    'http://www.w3.org/2000/09/xmldsig#hmac-sha1',
    'http://www.w3.org/2001/04/xmldsig-more#hmac-sha256',
  ]) {
    const xml = altered(await peerResponse(), /(?<=SignatureMethod Algorithm=")[^"]*/, algorithm)
    const value = createHmac('sha256', spki).update(xml).digest('base64')
    expect(await reasonOf(believed(altered(xml, /(?<=<ds:SignatureValue>)[^<]*/, value)))).toContain(
      'the signature algorithm is not accepted',
    )
  }
})

test('SML-03 attack M9 an RSA key under the name of an elliptic one, and a key that is too short', async () => {
  const xml = altered(await peerResponse(), 'xmldsig-more#rsa-sha256', 'xmldsig-more#ecdsa-sha256')
  await expect(believed(xml)).rejects.toMatchObject(refused)
  await expect(believed(await peerResponse(), { certificates: [testKeys.elliptic.certificate] })).rejects.toMatchObject(
    refused,
  )
  expect(await reasonOf(believed(await peerResponse(), { certificates: [testKeys.weak.certificate] }))).toContain(
    'a key that is not accepted',
  )
})

test.for([
  'http://www.w3.org/TR/1999/REC-xslt-19991116',
  'http://www.w3.org/TR/1999/REC-xpath-19991116',
  'http://www.w3.org/2002/06/xmldsig-filter2',
  'http://www.w3.org/2000/09/xmldsig#base64',
  'http://www.w3.org/TR/2001/REC-xml-c14n-20010315',
  'http://www.w3.org/2001/10/xml-exc-c14n#WithComments',
])('SML-01 attack M10 the transform %s', async (transform) => {
  const xml = await peerResponse()
  const [enveloped, exclusive] = [
    /(?<=Transform Algorithm=")[^"]*enveloped-signature/,
    /(?<=Transform Algorithm=")[^"]*c14n#/,
  ]
  for (const place of [enveloped, exclusive, /(?<=CanonicalizationMethod Algorithm=")[^"]*/])
    await expect(believed(altered(xml, place, transform))).rejects.toMatchObject(refused)
  const third = `<ds:Transform Algorithm="${transform}"></ds:Transform></ds:Transforms>`
  await expect(believed(altered(xml, '</ds:Transforms>', third))).rejects.toMatchObject(refused)
})

test('SML-01 attack M10 a reference to nothing, to everything and to elsewhere', async () => {
  const xml = await peerResponse()
  for (const uri of [
    '',
    '#',
    '#_response',
    '#_nowhere',
    'https://evil.example/x',
    '#xpointer(/)',
    "#_assertion' or '1",
  ])
    await expect(believed(altered(xml, 'URI="#_assertion"', `URI="${uri}"`))).rejects.toMatchObject(refused)
})

test('SML-03 attack M10 a key that the message brings along', async () => {
  const xml = await peerResponse({ signer: await signerOf('stranger') })
  expect(xml).toContain(testKeys.stranger.certificate)
  expect(await reasonOf(believed(xml))).toContain('no key of the partner')
  const honest = await signerOf('stranger')
  const dressed = await peerResponse({ signer: { ...honest, certificate: testKeys.partner.certificate } })
  expect(await reasonOf(believed(dressed))).toContain('no key of the partner')
  // Nor does it matter what an honest message brings along.
  const without = altered(await peerResponse(), /<ds:KeyInfo .*<\/ds:KeyInfo>/, '')
  expect(await believed(without)).toBe('ada@example.com')
  const foreign = altered(await peerResponse(), /<ds:KeyInfo .*<\/ds:KeyInfo>/, writeXml(keyInfo('AAAA')))
  expect(await believed(foreign)).toBe('ada@example.com')
})

test('SML-03 two certificates count during a rollover, and neither afterwards', async () => {
  const certificates = [testKeys.partner.certificate, testKeys.partner2.certificate]
  for (const name of ['partner', 'partner2'] as const)
    expect(await believed(await peerResponse({ signer: await signerOf(name) }), { certificates })).toBe(
      'ada@example.com',
    )
  await expect(believed(await peerResponse(), { certificates: [testKeys.partner2.certificate] })).rejects.toMatchObject(
    refused,
  )
  await expect(believed(await peerResponse(), { certificates: [] })).rejects.toMatchObject(refused)
})

test('SML-15 SML-19 an encrypted assertion is opened, and its signature is checked', async () => {
  const assertion = await signed(assertionMarkup(facts()), await signerOf('partner'))
  const content = { raw: writeXml(await encryptAssertion(assertion, testKeys.partner2.certificate)) }
  const xml = await peerResponse({ content })
  expect(xml).not.toContain('ada@example.com')
  expect(await believed(xml, { unwrap })).toBe('ada@example.com')
  await expect(believed(xml)).rejects.toMatchObject(refused)
  const shortened = altered(xml, /(?<=<xenc:CipherValue>)[^<]{4}/, 'AAAA')
  await expect(believed(shortened, { unwrap })).rejects.toMatchObject(refused)
})

test('SML-19 attack M14 what a stranger encrypts for us is not believed', async () => {
  const forged = { raw: writeXml(assertionMarkup(facts({ id: '_evil', nameId: { value: 'eve', format: 'x' } }))) }
  const content = { raw: writeXml(await encryptAssertion(forged, testKeys.partner2.certificate)) }
  expect(await reasonOf(believed(await peerResponse({ content }), { unwrap }))).toContain('not signed')
  // Beside a signed one, before or after it, it is one too many.
  const honest = await peerResponse()
  for (const xml of [
    altered(honest, '<saml:Assertion', `${content.raw}<saml:Assertion`),
    altered(honest, '</saml:Assertion>', `</saml:Assertion>${content.raw}`),
  ])
    expect(await reasonOf(believed(xml, { unwrap }))).toContain('exactly one assertion')
  // In the place of the assertion of a signed response it breaks the signature.
  const whole = await peerResponse({ signResponse: true, signAssertion: false })
  const swapped = altered(whole, /<saml:Assertion .*<\/saml:Assertion>/, content.raw)
  expect(await reasonOf(believed(swapped, { unwrap }))).toContain('was changed')
})

test('SML-15 attack M14 ciphers without authentication and PKCS 1.5 are refused', async () => {
  const assertion = await signed(assertionMarkup(facts()), await signerOf('partner'))
  const content = { raw: writeXml(await encryptAssertion(assertion, testKeys.partner2.certificate)) }
  const xml = await peerResponse({ content })
  for (const [from, to] of [
    ['http://www.w3.org/2009/xmlenc11#aes256-gcm', 'http://www.w3.org/2001/04/xmlenc#aes256-cbc'],
    ['http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p', 'http://www.w3.org/2001/04/xmlenc#rsa-1_5'],
  ] as const)
    expect(await reasonOf(believed(altered(xml, from, to), { unwrap }))).toContain('algorithm is not accepted')
})

function pem(certificate: string): string {
  return `-----BEGIN CERTIFICATE-----\n${certificate}\n-----END CERTIFICATE-----\n`
}
