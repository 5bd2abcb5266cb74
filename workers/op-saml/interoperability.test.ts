import { createPrivateKey, createSign, createHash, type KeyLike } from 'node:crypto'
import { expect, test } from 'vitest'
import { SignedXml } from 'xml-crypto'
import { verifySigned } from './signature.ts'
import { testKeys } from './testing/keys.ts'
import { believed, peerResponse } from './testing/peer.ts'
import { parseXml } from './xml/parse.ts'
import { descendantsOf, elementsOf, textOf } from './xml/read.ts'

const exclusive = 'http://www.w3.org/2001/10/xml-exc-c14n#'
const enveloped = 'http://www.w3.org/2000/09/xmldsig#enveloped-signature'
const more = 'http://www.w3.org/2001/04/xmldsig-more#'

/** An algorithm that SAML partners use and xml-crypto does not bring. */
function algorithm(name: string, hash: string) {
  return class {
    getSignature = (info: string, key: KeyLike) => {
      const isElliptic = name.startsWith('ecdsa')
      const privateKey = createPrivateKey(String(key))
      const signer = createSign(hash).update(info)
      return isElliptic
        ? signer.sign({ key: privateKey, dsaEncoding: 'ieee-p1363' }, 'base64')
        : signer.sign(privateKey, 'base64')
    }
    verifySignature = () => false
    getAlgorithmName = () => more + name
  }
}

interface PeerSignature {
  readonly key?: 'partner' | 'elliptic'
  readonly method?: string
  readonly digest?: string
  readonly prefix?: string
}

/** Signed by xml-crypto as a whole, with none of our code. */
function signedByPeer(xml: string, options: PeerSignature = {}): string {
  const { key = 'partner', method = 'rsa-sha256', digest = 'http://www.w3.org/2001/04/xmlenc#sha256' } = options
  const signer = new SignedXml({
    privateKey: `-----BEGIN PRIVATE KEY-----\n${testKeys[key].privateKey}\n-----END PRIVATE KEY-----\n`,
    signatureAlgorithm: more + method,
    canonicalizationAlgorithm: exclusive,
  })
  for (const [name, hash] of [
    ['rsa-sha384', 'sha384'],
    ['ecdsa-sha256', 'sha256'],
    ['ecdsa-sha384', 'sha384'],
    ['ecdsa-sha512', 'sha512'],
  ] as const)
    Object.assign(signer.SignatureAlgorithms, { [more + name]: algorithm(name, hash) })
  Object.assign(signer.HashAlgorithms, {
    [`${more}sha384`]: class {
      getAlgorithmName = () => `${more}sha384`
      getHash = (text: string) => createHash('sha384').update(text).digest('base64')
    },
  })
  signer.addReference({
    xpath: '/*',
    transforms: [enveloped, exclusive],
    digestAlgorithm: digest,
  })
  const location = { reference: `/*/*[local-name(.)='Issuer']`, action: 'after' } as const
  signer.computeSignature(xml, { location, ...(options.prefix !== undefined && { prefix: options.prefix }) })
  return signer.getSignedXml()
}

const text = `<?xml version="1.0" encoding="UTF-8"?>
<saml2:Assertion xmlns:saml2="urn:oasis:names:tc:SAML:2.0:assertion" xmlns:xs="http://www.w3.org/2001/XMLSchema" ID="id1">
  <saml2:Issuer>https://idp.example</saml2:Issuer>
  <saml2:AttributeValue xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="xs:string">Ä &amp; &lt;ö&gt;&#13;
</saml2:AttributeValue><!-- left out -->
</saml2:Assertion>`

async function verified(xml: string, key: 'partner' | 'elliptic' = 'partner') {
  const root = parseXml(xml)
  const element = await verifySigned(root, root, [testKeys[key].certificate])
  const value = element && [...descendantsOf(element)].find(({ localName }) => localName === 'AttributeValue')
  return value && textOf(value)
}

test.for([
  ['as most do', {}],
  ['with a prefix for the signature', { prefix: 'dsig' }],
  ['with SHA-512', { method: 'rsa-sha512', digest: 'http://www.w3.org/2001/04/xmlenc#sha512' }],
  ['with SHA-384', { method: 'rsa-sha384', digest: `${more}sha384` }],
  ['with an elliptic key', { key: 'elliptic', method: 'ecdsa-sha256' }],
  ['with an elliptic key and SHA-384', { key: 'elliptic', method: 'ecdsa-sha384' }],
  ['with an elliptic key and SHA-512', { key: 'elliptic', method: 'ecdsa-sha512' }],
] as const)('SML-01 SML-03 a peer that signs %s is believed', async ([, options]) => {
  const xml = signedByPeer(text, options)
  const key = 'key' in options ? options.key : 'partner'
  expect(await verified(xml, key)).toBe('Ä & <ö>\r\n')
  await expect(verified(xml.replace('Ä', 'Ö'), key)).rejects.toMatchObject({ code: 'invalid_request' })
  await expect(verified(xml, key === 'partner' ? 'elliptic' : 'partner')).rejects.toMatchObject({
    code: 'invalid_request',
  })
})

/** Made by xmlsec1, with the list of prefixes that Okta and Shibboleth have: the declaration of `xs` is further up. */
const withPrefixes = `<?xml version="1.0" encoding="UTF-8"?>
<saml2p:Response xmlns:saml2p="urn:oasis:names:tc:SAML:2.0:protocol" xmlns:xs="http://www.w3.org/2001/XMLSchema" ID="id0"><saml2:Assertion xmlns:saml2="urn:oasis:names:tc:SAML:2.0:assertion" ID="id1">
  <saml2:Issuer>https://idp.example</saml2:Issuer><ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:SignedInfo><ds:CanonicalizationMethod Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"/><ds:SignatureMethod Algorithm="http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"/><ds:Reference URI="#id1"><ds:Transforms><ds:Transform Algorithm="http://www.w3.org/2000/09/xmldsig#enveloped-signature"/><ds:Transform Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"><ec:InclusiveNamespaces xmlns:ec="http://www.w3.org/2001/10/xml-exc-c14n#" PrefixList="xs"/></ds:Transform></ds:Transforms><ds:DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"/><ds:DigestValue>xxk+sYwWpefHlVg3EUiBWiMaNBCH8oTyWYu/j8zCNWs=</ds:DigestValue></ds:Reference></ds:SignedInfo><ds:SignatureValue>msR99MCXtmHg/bYt9LIiZg+5fo55mtAerSf5utvoJmGjY8rNeShoTo0K5VB/kO39
xdCiqoSaeukLy1xrBBUcwyFamyP0fwdXMoWTRKGOHAIVSNvveQdbMrK7MJMq23S+
zRqn7UlSBVa3+xLOiph9H4I0NMzUGH5JVpz47BGSyJ19GLjrEiPvpnjmp3VSvOvO
ve5WoNAJ8vT6jxf9XGZZ1xsAUBtcCUJwKu0ymbAxeCPowdpudYVPYtTdKfGYacwF
9Mmzvx8h1u3e8XPRBpJfq/ldACklKafAc0AdQkImHfsCQ+BZCMuklTEtXbDEJath
irNxXyVTicBfIrAO3XU/YA==</ds:SignatureValue></ds:Signature>
  <saml2:AttributeValue xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="xs:string">Ä &amp; &lt;ö&gt;</saml2:AttributeValue>
</saml2:Assertion></saml2p:Response>
`

test('SML-01 declarations that a signature takes along from further up are part of what is read', async () => {
  const root = parseXml(withPrefixes)
  const [assertion] = elementsOf(root)
  if (!assertion) throw new Error('no assertion')
  const certificates = [testKeys.partner.certificate]
  const element = await verifySigned(root, assertion, certificates)
  const value = element && [...descendantsOf(element)].find(({ localName }) => localName === 'AttributeValue')
  expect(value && textOf(value)).toBe('Ä & <ö>')
  const moved = parseXml(withPrefixes.replace('2001/XMLSchema"', '2002/XMLSchema"'))
  const [other = moved] = elementsOf(moved)
  await expect(verifySigned(moved, other, certificates)).rejects.toMatchObject({ code: 'invalid_request' })
})

test('SML-01 line ends that some platforms write into base64 are no part of it', async () => {
  const xml = await peerResponse()
  const wrapped = xml
    .replace(/(?<=<ds:SignatureValue>)[^<]+/, (value) => value.replaceAll(/.{76}/g, '$&&#13;\n'))
    .replace(/(?<=<ds:X509Certificate>)[^<]+/, (value) => value.replaceAll(/.{64}/g, '$&\r\n'))
  expect(wrapped).toContain('&#13;')
  expect(await believed(wrapped)).toBe('ada@example.com')
})

test('SML-02 a byte order mark and a declaration are passed over', async () => {
  const { decodeUtf8 } = await import('./base64.ts')
  const xml = `\ufeff<?xml version='1.0' encoding='utf-8' standalone="no" ?>${await peerResponse()}`
  expect(await believed(decodeUtf8(new TextEncoder().encode(xml)))).toBe('ada@example.com')
  expect(() => decodeUtf8(new Uint8Array([0x3c, 0xff, 0x3e]))).toThrow()
})
