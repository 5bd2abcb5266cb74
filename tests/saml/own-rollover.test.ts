import { afterAll, beforeAll, expect, test } from 'vitest'
import { leaseSeconds } from '../../shared/protocol/key-life-cycle.ts'
import { adminCall, adminJson } from '../management/support.ts'
import { Doubles, withDoubles } from '../support/doubles.ts'
import { type System, startSystem } from '../support/system.ts'
import { type ForeignProvider, addProvider } from './foreign-provider.ts'

let system: System
let provider: ForeignProvider
beforeAll(async () => {
  system = await startSystem({ transform: withDoubles('op-saml') })
  provider = await addProvider(system, { idpInitiated: true })
})
afterAll(async () => {
  await provider.close()
  await system[Symbol.asyncDispose]()
})

/** The certificates of our metadata, after what is leased was leased again. */
async function published(): Promise<string[]> {
  const xml = await (await fetch(`${system.issuer}/saml/sp/metadata`)).text()
  const signing = xml
    .replace(/<ds:Signature .*?<\/ds:Signature>/s, '')
    .replace(/<md:KeyDescriptor use="encryption".*/s, '')
  return [...signing.matchAll(/<ds:X509Certificate>([^<]*)</g)].map(([, certificate = '']) => certificate)
}

let people = 0
/** What becomes of an assertion that the provider encrypts for the certificate which it loaded at first. */
async function encryptedForTheFirst(): Promise<number> {
  const said = {
    inResponseTo: '',
    encrypt: true,
    nameId: `r-${++people}`,
    attributes: { mail: [`r-${people}@a.example`] },
  }
  const agent = system.agent()
  const posted = await agent.post('/saml/sp/acs', { SAMLResponse: await provider.response(said) })
  return (await agent.follow(posted)).status
}

test('SML-25 through a rotation both certificates are published and both keys decrypt, until the old one is revoked', async () => {
  const clock = new Doubles(system.issuer, 'op-saml')
  const [first = ''] = await published()
  expect(await encryptedForTheFirst()).toBe(200)

  await adminJson(system, 'POST', '/keys/rotate', { use: 'saml' })
  await clock.advance(leaseSeconds + 1)
  const both = await published()
  expect(both).toHaveLength(2)
  expect(both[0]).toBe(first)

  const rotate = await adminJson<{ rotations: { retiring: string }[] }>(system, 'POST', '/keys/rotate', {
    use: 'saml',
    now: true,
  })
  await clock.advance(2 * (leaseSeconds + 1))
  expect((await published()).toSorted()).toEqual(both.toSorted())
  expect((await published())[0]).toBe(both[1])
  await clock.advance(0)
  expect(await encryptedForTheFirst()).toBe(200)

  const retiring = rotate.rotations[0]?.retiring ?? ''
  expect((await adminCall(system, 'POST', `/keys/${retiring}/revoke`, { body: {} })).status).toBe(200)
  await clock.advance(leaseSeconds + 1)
  expect(await published()).toEqual([both[1]])
  expect(await encryptedForTheFirst()).toBe(400)
})
