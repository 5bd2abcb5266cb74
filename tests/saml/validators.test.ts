import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { testKeys } from '../../workers/op-saml/testing/keys.ts'
import { startSession } from '../support/sessions.ts'
import { sharedSystem, type System } from '../support/system.ts'
import { addPartner, idpCertificates, pem, requestAddress, signOn } from './support.ts'

/** Debian's packages opensaml-schemas, xmltooling-schemas, libxml2-utils and xmlsec1. */
const schemas = ['/usr/share/xml/opensaml', '/usr/share/xml/xmltooling']
const isInstalled = [...schemas, '/usr/bin/xmllint', '/usr/bin/xmlsec1'].every((path) => existsSync(path))

describe.skipIf(!isInstalled)('validators that others wrote', () => {
  const folder = mkdtempSync(join(tmpdir(), 'authrim-xsd-'))
  let system: System
  beforeAll(async () => {
    system = await sharedSystem()
    // The schemas name each other by addresses on the web; here they are neighbours.
    for (const source of schemas)
      for (const name of readdirSync(source).filter((each) => each.endsWith('.xsd'))) {
        const text = readFileSync(join(source, name), 'utf8')
        writeFileSync(
          join(folder, name),
          text.replaceAll(/schemaLocation="http[^"]*\/([^"/]+\.xsd)"/g, 'schemaLocation="$1"'),
        )
      }
  })
  afterAll(async () => {
    rmSync(folder, { recursive: true })
    await system[Symbol.asyncDispose]()
  })

  function write(name: string, text: string): string {
    writeFileSync(join(folder, name), text)
    return join(folder, name)
  }

  function validate(file: string, schema: 'protocol' | 'metadata'): void {
    const xsd = join(folder, `saml-schema-${schema}-2.0.xsd`)
    execFileSync('xmllint', ['--nonet', '--noout', '--schema', xsd, file], { stdio: 'pipe' })
  }

  function verify(file: string, certificate: string, element: string): void {
    const key = write('certificate.pem', pem('CERTIFICATE', certificate))
    // Without the key that the message brings along, xmlsec1 has to take this one.
    const keyless = readFileSync(file, 'utf8').replace(
      /<\/ds:SignatureValue><ds:KeyInfo .*?<\/ds:KeyInfo>/s,
      '</ds:SignatureValue>',
    )
    const copy = write('keyless.xml', keyless)
    const options = ['--verify', '--insecure', '--pubkey-cert-pem', key, '--id-attr:ID', element, copy]
    execFileSync('xmlsec1', options, { stdio: 'pipe' })
  }

  test('SML-09 SML-10 a response is valid by the schemas, its signatures by xmlsec1', async () => {
    const partner = await addPartner(system, { record: { signResponse: true } })
    const [agent, user] = [system.agent(), await system.user()]
    await startSession(system, agent, user)
    const file = write('response.xml', (await signOn(agent, await requestAddress(partner))).xml)
    validate(file, 'protocol')
    const [certificate = ''] = await idpCertificates(system)
    verify(file, certificate, 'urn:oasis:names:tc:SAML:2.0:protocol:Response')
    expect(() => verify(file, testKeys.stranger.certificate, 'urn:oasis:names:tc:SAML:2.0:protocol:Response')).toThrow()
    await partner.close()
  })

  test('SML-15 an encrypted assertion is valid by the schemas and opened by xmlsec1', async () => {
    const partner = await addPartner(system, {
      record: { encryptAssertion: true, encryptionCertificates: [testKeys.partner2.certificate] },
    })
    const [agent, user] = [system.agent(), await system.user()]
    await startSession(system, agent, user)
    const file = write('encrypted.xml', (await signOn(agent, await requestAddress(partner))).xml)
    validate(file, 'protocol')
    const key = write('key.pem', pem('PRIVATE KEY', testKeys.partner2.privateKey))
    const opened = execFileSync('xmlsec1', ['--decrypt', '--privkey-pem', key, file], { stdio: 'pipe' }).toString()
    expect(opened).toContain(user.email)
    await partner.close()
  })

  test('SML-25 our metadata is valid by the schema, its signature by xmlsec1', async () => {
    const file = write('metadata.xml', await (await fetch(`${system.issuer}/saml/idp/metadata`)).text())
    validate(file, 'metadata')
    const [certificate = ''] = await idpCertificates(system)
    verify(file, certificate, 'urn:oasis:names:tc:SAML:2.0:metadata:EntityDescriptor')
  })
})
