import { DOMParser, XMLSerializer } from '@xmldom/xmldom'
import { expect, test } from 'vitest'
import { Parameters } from '../../shared/protocol/parameters.ts'
import { authnRequestMarkup, readAuthnRequest } from './authn-request.ts'
import { encodeBase64 } from './base64.ts'
import { believable, fromPost } from './inbound.ts'
import { logoutRequestMarkup, readLogoutRequest } from './logout-message.ts'
import { signed } from './sign.ts'
import { testKeys } from './testing/keys.ts'
import { now, signerOf } from './testing/peer.ts'
import { writeXml } from './xml/write.ts'

const refused = { code: 'invalid_request' }
const issuer = 'https://sp.example/metadata'
const request = authnRequestMarkup({
  id: '_1',
  issuer,
  destination: 'https://id.example',
  acsUrl: 'https://sp.example',
  now,
})
const logout = logoutRequestMarkup({
  id: '_1',
  issuer,
  destination: 'https://id.example',
  nameId: { value: 'ada', format: 'urn:x' },
  sessionIndex: undefined,
  now,
})

function posted(xml: string, more: readonly (readonly [string, string])[] = []) {
  return fromPost(new Parameters([['SAMLRequest', encodeBase64(new TextEncoder().encode(xml))], ...more]))
}

async function read(xml: string, required = true) {
  const { message, isSigned } = await believable(posted(xml), [testKeys.partner.certificate], required)
  return { message, isSigned }
}

test('SML-05 a posted message carries its signature, and is read from what was signed', async () => {
  const { raw } = await signed(request, await signerOf('partner'))
  const { message, isSigned } = await read(raw)
  expect(isSigned).toBe(true)
  expect(readAuthnRequest(message)).toMatchObject({ id: '_1', issuer, acsUrl: 'https://sp.example' })
  expect((await read(writeXml(request), false)).isSigned).toBe(false)
  await expect(read(writeXml(request))).rejects.toMatchObject(refused)
})

test('SML-05 a wrong signature is never overlooked, required or not', async () => {
  const { raw } = await signed(request, await signerOf('partner'))
  const stranger = await signed(request, await signerOf('stranger'))
  for (const xml of [raw.replace('sp.example"', 'evil.example"'), stranger.raw, raw.replace('URI="#_1"', 'URI="#_2"')])
    for (const required of [true, false]) await expect(read(xml, required)).rejects.toMatchObject(refused)
})

test.for([
  ['AuthnRequest', request],
  ['LogoutRequest', logout],
] as const)('SML-01 attack M1 a signed %s inside of a forged one', async ([, markup]) => {
  const { raw } = await signed(markup, await signerOf('partner'))
  const unsigned = writeXml(markup)
  const name = markup.name
  const forged = (content: string) =>
    unsigned
      .replace('ID="_1"', 'ID="_2"')
      .replace('sp.example', 'evil.example')
      .replace(`</${name}>`, `${content}</${name}>`)
  const signature = /<ds:Signature .*<\/ds:Signature>/.exec(raw)?.[0] ?? ''
  for (const xml of [
    forged(raw),
    forged(`<samlp:Extensions>${raw}</samlp:Extensions>`),
    // The signature of the original, which is still there without it.
    forged(signature + unsigned),
    forged(signature.replace('</ds:Signature>', `<ds:Object>${unsigned}</ds:Object></ds:Signature>`)),
    forged(signature).replace('ID="_2"', 'ID="_1"'),
  ])
    for (const required of [true, false]) await expect(read(xml, required)).rejects.toMatchObject(refused)
})

test('SML-02 attack M2 a comment in the name of a LogoutRequest does not cut it', async () => {
  const { raw } = await signed({ ...logout }, await signerOf('partner'))
  const { message } = await read(raw.replace('>ada<', '>a<!-- -->da<'))
  expect(readLogoutRequest(message, now).nameId.value).toBe('ada')
  const { message: unsigned } = await read(writeXml(logout).replace('>ada<', '>a<!-- -->da<'), false)
  expect(readLogoutRequest(unsigned, now).nameId.value).toBe('ada')
})

test('SML-05 attack M12 a form with two messages', async () => {
  const xml = writeXml(request)
  const other = encodeBase64(new TextEncoder().encode(xml))
  for (const name of ['SAMLRequest', 'SAMLResponse', 'RelayState'])
    expect(() => posted(xml, [[name, other], ...(name === 'RelayState' ? [[name, other] as const] : [])])).toThrow()
})

test('what is written is escaped, and read back the same', () => {
  const value = `"'<>&\t\n\r ]]> <!-- \u00e4 \u{1f600}`
  const xml = writeXml({ name: 'a', attributes: { b: value }, content: [value] })
  const root = new DOMParser().parseFromString(xml, 'text/xml').documentElement
  expect(root?.textContent).toBe(value)
  expect(root?.attributes[0]?.value).toBe(value)
  expect(writeXml({ name: 'a', attributes: {}, content: ['\u0000\ud800'] })).toBe('<a>\ufffd\ufffd</a>')
  if (root) expect(new XMLSerializer().serializeToString(root)).toContain('<a ')
})
