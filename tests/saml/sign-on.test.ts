import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { testKeys } from '../../workers/op-saml/testing/keys.ts'
import type { Agent } from '../support/agent.ts'
import { ageSessions, startSession } from '../support/sessions.ts'
import { sharedSystem, type System, type TestUser } from '../support/system.ts'
import {
  type Answer,
  addPartner,
  answerOf,
  craftedAddress,
  emailFormat,
  format,
  pem,
  profileOf,
  requestAddress,
  signOn,
  statusOf,
  type TestPartner,
} from './support.ts'

let system: System
let partner: TestPartner
beforeAll(async () => {
  system = await sharedSystem()
  partner = await addPartner(system)
})
afterAll(async () => {
  await partner.close()
  await system[Symbol.asyncDispose]()
})

async function signedIn(user?: TestUser): Promise<{ agent: Agent; user: TestUser }> {
  const [agent, person] = [system.agent(), user ?? (await system.user())]
  await startSession(system, agent, person)
  return { agent, user: person }
}

/** Answers the sign-in page. */
async function signInOn(agent: Agent, page: Response, user: TestUser): Promise<Answer> {
  const text = await page.text()
  const form = { identifier: user.username, password: user.password }
  return answerOf(await agent.follow(await agent.submit(text, form, '/signin')))
}

describe('a sign-on that the partner began', () => {
  test('SML-09 SML-10 SML-11 node-saml believes the response, RelayState comes back untouched', async () => {
    const [agent, user] = [system.agent(), await system.user()]
    // A blank is left out: node-saml signs it in another spelling than it sends.
    const relayState = 'a&b=%41"<>+ä'
    const begun = await agent.follow(await agent.get(await requestAddress(partner, relayState)))
    expect(await begun.clone().text()).toContain('<bdi>Payroll</bdi>')
    const answer = await signInOn(agent, begun, user)
    expect(answer).toMatchObject({ action: `${partner.site.origin}/acs`, relayState })
    const profile = await profileOf(partner, answer)
    expect(profile).toMatchObject({
      issuer: `${system.issuer}/saml/idp/metadata`,
      nameIDFormat: format('persistent'),
      email: user.email,
      name: 'Ada Lovelace',
      given_name: 'Ada',
      family_name: 'Lovelace',
    })
    expect(profile.nameID).not.toContain(user.sub)
  })

  test('SML-09 SML-10 SML-11 SML-12 the response has every member that the profile asks for, and no more', async () => {
    const { agent } = await signedIn()
    const { xml } = await signOn(agent, craftedAddress(system, partner, { id: '_asked' }))
    expect(xml.match(/InResponseTo="_asked"/g)).toHaveLength(2)
    expect(xml).toContain(`Destination="${partner.site.origin}/acs"`)
    expect(xml).toContain(`Recipient="${partner.site.origin}/acs"`)
    expect(xml.match(/<saml:Audience>/g)).toHaveLength(1)
    expect(xml).toContain(`<saml:Audience>${partner.record.entityId}</saml:Audience>`)
    expect(xml).toMatch(/<saml:AuthnStatement AuthnInstant="[^"]+Z" SessionIndex="_[0-9a-f]{32}" SessionNotOnOrAfter="/)
    expect(xml).toContain('ac:classes:PasswordProtectedTransport<')
    const data = /<saml:SubjectConfirmationData [^>]*>/.exec(xml)?.[0] ?? ''
    expect(data).not.toContain('NotBefore')
    const [issued, until] = [/IssueInstant="([^"]+)"/.exec(xml)?.[1], /NotOnOrAfter="([^"]+)"/.exec(data)?.[1]]
    expect(Date.parse(until ?? '') - Date.parse(issued ?? '')).toBe(300_000)
    expect(new Set(xml.match(/ ID="[^"]+"/g)).size).toBe(2)
  })

  test('SML-05 SML-09 node-saml posts a signed request, which is taken up where the cookies are', async () => {
    const { agent, user } = await signedIn()
    const posting = await addPartner(system, {
      saml: { authnRequestBinding: 'HTTP-POST', skipRequestCompression: true },
    })
    const form = await posting.saml.getAuthorizeFormAsync('state')
    const message = /name="SAMLRequest" value="([^"]+)"/.exec(form)?.[1] ?? ''
    expect(Buffer.from(message, 'base64').toString()).toContain('SignatureValue')
    // From another site there are none.
    const posted = await system.agent().post('/saml/idp/sso', { SAMLRequest: message, RelayState: 'state' })
    expect(posted.status).toBe(303)
    const answer = await answerOf(await agent.get(posted.headers.get('location') ?? ''))
    expect(answer.relayState).toBe('state')
    expect((await profileOf(posting, answer)).email).toBe(user.email)
    await posting.close()
  })

  test('SML-12 a person who is signed in is not asked again, and keeps the session index', async () => {
    const { agent, user } = await signedIn()
    const first = await profileOf(partner, await signOn(agent, await requestAddress(partner)))
    const second = await profileOf(partner, await signOn(agent, await requestAddress(partner)))
    expect(first.email).toBe(user.email)
    expect(second.sessionIndex).toBe(first.sessionIndex)
    expect(second.nameID).toBe(first.nameID)
  })

  test('SML-13 ForceAuthn asks again, also one who signed in a moment ago', async () => {
    const { agent, user } = await signedIn()
    await ageSessions(system, user.sub, 100)
    const before = await profileOf(partner, await signOn(agent, await requestAddress(partner)))
    const page = await agent.follow(
      await agent.get(craftedAddress(system, partner, { attributes: 'ForceAuthn="true"' })),
    )
    const { xml } = await signInOn(agent, page, user)
    expect(statusOf({ ...emptyAnswer, xml })).toEqual(['Success'])
    const instant = /AuthnInstant="([^"]+)"/.exec(xml)?.[1] ?? ''
    expect(Date.now() - Date.parse(instant)).toBeLessThan(20_000)
    // The partner stays in the session of before: one sign-out still ends both.
    expect(xml).toContain(`SessionIndex="${before.sessionIndex}"`)
  })

  test('SML-13 IsPassive without a session is answered at once, and with one it is served', async () => {
    const address = () => craftedAddress(system, partner, { attributes: 'IsPassive="true"' })
    const answer = await signOn(system.agent(), address())
    expect(statusOf(answer)).toEqual(['Responder', 'NoPassive'])
    expect(answer.xml).not.toContain('<saml:Assertion')
    const { agent } = await signedIn()
    expect(statusOf(await signOn(agent, address()))).toEqual(['Success'])
    const both = craftedAddress(system, partner, { attributes: 'IsPassive="1" ForceAuthn="1"' })
    expect(statusOf(await signOn(agent, both))).toEqual(['Responder', 'NoPassive'])
  })

  test.for([
    ['exact', 'PasswordProtectedTransport', ['Success']],
    ['exact', 'Password', ['Success']],
    ['exact', 'X509', ['Responder', 'NoAuthnContext']],
    ['minimum', 'Password', ['Success']],
    ['maximum', 'unspecified', ['Responder', 'NoAuthnContext']],
    ['better', 'X509', ['Responder', 'NoAuthnContext']],
  ] as const)('SML-13 RequestedAuthnContext %s %s', async ([comparison, name, status]) => {
    const { agent } = await signedIn()
    const content = `<samlp:RequestedAuthnContext Comparison="${comparison}"><saml:AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:${name}</saml:AuthnContextClassRef></samlp:RequestedAuthnContext>`
    expect(statusOf(await signOn(agent, craftedAddress(system, partner, { content })))).toEqual(status)
  })

  test('SML-13 a person who declines sends the partner a refusal', async () => {
    const agent = system.agent()
    const page = await agent.follow(await agent.get(await requestAddress(partner, 'state')))
    const declined = await agent.follow(await agent.submit(await page.text(), { action: 'cancel' }, '/signin'))
    const answer = await answerOf(declined)
    expect(statusOf(answer)).toEqual(['Responder', 'AuthnFailed'])
    expect(answer.relayState).toBe('state')
    await expect(profileOf(partner, answer)).rejects.toThrow(/declined/)
  })

  test('SML-10 a refusal is signed, so that nobody else can make one', async () => {
    const { xml } = await signOn(system.agent(), craftedAddress(system, partner, { attributes: 'IsPassive="true"' }))
    expect(xml).toMatch(/^<samlp:Response [^>]*><saml:Issuer>[^<]*<\/saml:Issuer><ds:Signature /)
  })
})

const emptyAnswer = { action: '', response: '', relayState: undefined }

describe('names', () => {
  const policy = (name: string, more = 'AllowCreate="true"') =>
    `<samlp:NameIDPolicy Format="${name}" ${more}></samlp:NameIDPolicy>`
  const nameOf = async (agent: Agent, content: string) =>
    profileOf(partner, await signOn(agent, craftedAddress(system, partner, { content })))

  test('SML-14 persistent is the same each time, and another for each partner', async () => {
    const { agent } = await signedIn()
    await using other = await disposable({})
    const [one, again] = [
      await nameOf(agent, policy(format('persistent'))),
      await nameOf(agent, policy(format('persistent'))),
    ]
    expect(again.nameID).toBe(one.nameID)
    expect(one.nameID.length).toBeLessThanOrEqual(256)
    const elsewhere = await profileOf(other.partner, await signOn(agent, await requestAddress(other.partner)))
    expect(elsewhere.nameID).not.toBe(one.nameID)
  })

  test('SML-14 transient is another each time', async () => {
    const { agent } = await signedIn()
    const [one, two] = [
      await nameOf(agent, policy(format('transient'))),
      await nameOf(agent, policy(format('transient'))),
    ]
    expect(one.nameIDFormat).toBe(format('transient'))
    expect(two.nameID).not.toBe(one.nameID)
  })

  test('SML-14 emailAddress and unspecified', async () => {
    const { agent, user } = await signedIn()
    expect(await nameOf(agent, policy(emailFormat))).toMatchObject({ nameID: user.email, nameIDFormat: emailFormat })
    const unspecified = 'urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified'
    // Whatever the partner's record says.
    expect((await nameOf(agent, policy(unspecified))).nameIDFormat).toBe(format('persistent'))
    await partner.change({ nameIdFormat: unspecified })
    expect(await nameOf(agent, '')).toMatchObject({ nameID: user.username, nameIDFormat: unspecified })
    await partner.change({})
  })

  test.for([
    ['an unknown format', 'urn:oasis:names:tc:SAML:2.0:nameid-format:kerberos', 'AllowCreate="true"'],
    ['another qualifier', format('persistent'), 'SPNameQualifier="https://other.example"'],
    ['no new name allowed', format('persistent'), 'AllowCreate="false"'],
  ])('SML-14 %s', async ([, name, more]) => {
    const { agent } = await signedIn()
    const answer = await signOn(agent, craftedAddress(system, partner, { content: policy(name ?? '', more) }))
    expect(statusOf(answer)).toEqual(['Requester', 'InvalidNameIDPolicy'])
  })

  test('SML-14 AllowCreate=false is served once the name is known', async () => {
    const { agent } = await signedIn()
    const one = await nameOf(agent, policy(format('persistent')))
    expect((await nameOf(agent, policy(format('persistent'), 'AllowCreate="false"'))).nameID).toBe(one.nameID)
  })

  test('SML-13 a request about somebody else is refused', async () => {
    const { agent } = await signedIn()
    const content = `<saml:Subject><saml:NameID Format="${emailFormat}">eve@example.com</saml:NameID></saml:Subject>${policy(emailFormat)}`
    const answer = await signOn(agent, craftedAddress(system, partner, { content }))
    expect(statusOf(answer)).toEqual(['Responder', 'UnknownPrincipal'])
  })
})

describe('what a partner may choose', () => {
  test('SML-10 the response is signed as well', async () => {
    await using chosen = await disposable({ record: { signResponse: true }, saml: { wantAuthnResponseSigned: true } })
    const { agent, user } = await signedIn()
    const answer = await signOn(agent, await requestAddress(chosen.partner))
    expect(answer.xml.match(/<ds:Signature /g)).toHaveLength(2)
    expect((await profileOf(chosen.partner, answer)).email).toBe(user.email)
  })

  test('SML-15 SML-19 an encrypted assertion is opened by node-saml, and nothing of it is in the clear', async () => {
    await using chosen = await disposable({
      record: { encryptAssertion: true, encryptionCertificates: [testKeys.partner2.certificate] },
      saml: { decryptionPvk: pem('PRIVATE KEY', testKeys.partner2.privateKey) },
    })
    const { agent, user } = await signedIn()
    const answer = await signOn(agent, await requestAddress(chosen.partner))
    expect(answer.xml).toContain('<saml:EncryptedAssertion')
    expect(answer.xml).not.toContain('<saml:Assertion')
    expect(answer.xml).not.toContain(user.email)
    expect((await profileOf(chosen.partner, answer)).email).toBe(user.email)
  })

  test('SML-15 without a key to encrypt for nothing is sent in the clear', async () => {
    await using chosen = await disposable({ record: { encryptAssertion: true } })
    const { agent, user } = await signedIn()
    const answer = await signOn(agent, await requestAddress(chosen.partner))
    expect(statusOf(answer)).toEqual(['Responder', 'RequestUnsupported'])
    expect(answer.xml).not.toContain(user.email)
  })

  test('SML-16 to begin here is refused unless the operator allowed it', async () => {
    const { agent, user } = await signedIn()
    const refused = await agent.get(`/saml/idp/start/${partner.record.alias}`)
    expect(refused.status).toBe(403)
    expect(await refused.text()).toContain('Start at the application')
    await using chosen = await disposable({ record: { idpInitiated: true } })
    const answer = await signOn(agent, `/saml/idp/start/${chosen.partner.record.alias}?RelayState=home`)
    expect(answer.relayState).toBe('home')
    expect(answer.xml).not.toContain('InResponseTo')
    expect((await profileOf(chosen.partner, answer)).email).toBe(user.email)
    expect((await agent.get('/saml/idp/start/nobody')).status).toBe(403)
  })

  test('SML-16 a person who is not signed in begins here with signing in', async () => {
    await using chosen = await disposable({ record: { idpInitiated: true } })
    const [agent, user] = [system.agent(), await system.user()]
    const page = await agent.follow(await agent.get(`/saml/idp/start/${chosen.partner.record.alias}`))
    expect((await profileOf(chosen.partner, await signInOn(agent, page, user))).email).toBe(user.email)
  })
})

async function disposable(options: Parameters<typeof addPartner>[1]) {
  const added = await addPartner(system, options)
  return { partner: added, [Symbol.asyncDispose]: () => added.close() }
}
