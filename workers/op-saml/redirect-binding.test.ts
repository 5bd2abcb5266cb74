import { expect, test } from 'vitest'
import { authnRequestMarkup } from './authn-request.ts'
import { encodeBase64 } from './base64.ts'
import { believable, fromRedirect } from './inbound.ts'
import { deflate } from './inflate.ts'
import { redirectAddress } from './redirect-binding.ts'
import { signed } from './sign.ts'
import { testKeys } from './testing/keys.ts'
import { now, signerOf } from './testing/peer.ts'
import { writeXml } from './xml/write.ts'

const address = 'https://id.example.com/saml/idp/sso'
const refused = { code: 'invalid_request' }

const markup = authnRequestMarkup({
  id: '_request',
  issuer: 'https://sp.example/metadata',
  destination: address,
  acsUrl: 'https://sp.example/acs',
  now,
})

async function query(relayState?: string, xml = writeXml(markup)): Promise<string> {
  const signer = await signerOf('partner')
  return new URL(await redirectAddress(address, { parameter: 'SAMLRequest', xml, relayState }, signer)).search
}

async function isBelieved(search: string, required = true): Promise<boolean> {
  const { isSigned } = await believable(await fromRedirect(search), [testKeys.partner.certificate], required)
  return isSigned
}

test('SML-05 SML-07 a signed message in an address is read, RelayState untouched', async () => {
  const relayState = 'a+b c&d=%41"<ä'
  const search = await query(relayState)
  expect((await fromRedirect(search)).relayState).toBe(relayState)
  expect(await isBelieved(search)).toBe(true)
})

test('SML-05 the signature covers the octets as they came', async () => {
  const search = await query('state')
  // The same parameters, written in another way.
  expect(search).toContain('%2B')
  await expect(isBelieved(search.replaceAll('%2B', '%2b'))).rejects.toMatchObject(refused)
  await expect(isBelieved(search.replace('RelayState=state', 'RelayState=st%61te'))).rejects.toMatchObject(refused)
  // Another order in the address is no other order in what is signed.
  const parts = search.slice(1).split('&')
  expect(await isBelieved(`?${parts.toReversed().join('&')}`)).toBe(true)
  expect(await isBelieved(`${search}&utm=x`)).toBe(true)
})

test('SML-05 a signature over another order, over less or by a stranger', async () => {
  const search = await query('state')
  for (const forged of [
    search.replace('RelayState=state', 'RelayState=other'),
    search.replace('&RelayState=state', ''),
    search.replace('rsa-sha256', 'rsa-sha512'),
    search.replace(/SigAlg=[^&]*/, `SigAlg=${encodeURIComponent('http://www.w3.org/2000/09/xmldsig#rsa-sha1')}`),
    search.replace(/&SigAlg=[^&]*/, ''),
    search.replace(/&Signature=.*/, ''),
    search.replace(/&SigAlg=.*/, ''),
  ])
    await expect(isBelieved(forged)).rejects.toMatchObject(refused)
  const unsigned = search.replace(/&SigAlg=.*/, '')
  expect(await isBelieved(unsigned, false)).toBe(false)
  // Not required does not mean not looked at.
  await expect(isBelieved(search.replace('RelayState=state', 'RelayState=other'), false)).rejects.toMatchObject(refused)
})

test('SML-05 attack M12 parameters that occur twice or in disguise', async () => {
  const search = await query('state')
  const evil = encodeURIComponent(
    encodeBase64(await deflate(writeXml(markup).replace('sp.example/acs', 'evil.example'))),
  )
  for (const polluted of [
    `${search}&SAMLRequest=${evil}`,
    `?SAMLRequest=${evil}&${search.slice(1)}`,
    `${search}&SAMLResponse=${evil}`,
    `${search}&%53AMLRequest=${evil}`,
    `${search}&samlrequest=${evil}`,
    `${search}&RelayState=other`,
    `${search}&RelayState`,
    `${search}&SigAlg=other`,
    `${search}&Signature=AAAA`,
    `${search}&%20SAMLRequest=${evil}`,
    `${search}&SAMLEncoding=other`,
    `${search}&%E0%A4=x`,
  ])
    await expect(isBelieved(polluted)).rejects.toMatchObject(refused)
})

test('SML-07 attack M6 what inflates without end is stopped', async () => {
  const bomb = encodeURIComponent(encodeBase64(await deflate(`<a>${' '.repeat(20_000_000)}</a>`)))
  expect(bomb.length).toBeLessThan(40_000)
  await expect(fromRedirect(`?SAMLRequest=${bomb}`)).rejects.toMatchObject({ code: 'payload_too_large' })
  for (const garbage of ['', 'AAAA', '!!!!', encodeURIComponent(encodeBase64(new Uint8Array([0xff, 0xfe])))])
    await expect(fromRedirect(`?SAMLRequest=${garbage}`)).rejects.toMatchObject(refused)
})

test('SML-08 a RelayState of 80 octets is kept, one of 81 is refused', async () => {
  expect((await fromRedirect(await query('ä'.repeat(40)))).relayState).toHaveLength(40)
  await expect(fromRedirect(await query(`${'ä'.repeat(40)}x`))).rejects.toMatchObject(refused)
})

test('SML-05 a message in an address has no signature inside', async () => {
  const { raw } = await signed(markup, await signerOf('partner'))
  await expect(isBelieved(await query(undefined, raw))).rejects.toMatchObject(refused)
})
