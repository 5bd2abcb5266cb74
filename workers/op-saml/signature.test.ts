import { createPrivateKey, webcrypto } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { sign } from 'node:crypto'
import { signed } from './sign.ts'
import { verifySigned } from './signature.ts'
import { parseXml } from './xml/parse.ts'
import { element } from './xml/write.ts'
void sign, webcrypto
test('x', async () => {
  const der = createPrivateKey(readFileSync('/tmp/s-exp/k.pem')).export({ type: 'pkcs8', format: 'der' })
  const key = await crypto.subtle.importKey('pkcs8', new Uint8Array(der), { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' }, false, ['sign'])
  const certificate = readFileSync('/tmp/s-exp/c.pem', 'utf8').replace(/-----.*-----/g, '').replace(/\s/g, '')
  const { raw } = await signed(element('saml:A', { 'xmlns:saml': 'urn:x', ID: '_1' }, element('saml:Issuer', {}, 'me'), element('saml:B', {}, 'a <&> "b"\n')), { key, certificate })
  console.log(raw)
  const root = parseXml(raw)
  const v = await verifySigned(root, root, [certificate])
  expect(v?.localName).toBe('A')
  const { SignedXml } = await import('xml-crypto')
  const { DOMParser } = await import('@xmldom/xmldom')
  const s = new SignedXml({ publicCert: readFileSync('/tmp/s-exp/c.pem') })
  s.loadSignature((new (DOMParser as any)().parseFromString(raw) as any).getElementsByTagName('ds:Signature')[0])
  expect(s.checkSignature(raw)).toBe(true)
})
