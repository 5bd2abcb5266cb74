import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { testKeys } from '../../workers/op-saml/testing/keys.ts'
import type { Agent } from '../support/agent.ts'
import { startSession } from '../support/sessions.ts'
import { sharedSystem, type System } from '../support/system.ts'
import {
  addPartner,
  answerOf,
  craftedAddress,
  emailFormat,
  profileOf,
  redirectAddress,
  requestAddress,
  requestXml,
  signOn,
  statusOf,
  type TestPartner,
} from './support.ts'

let system: System
let partner: TestPartner
let other: TestPartner
beforeAll(async () => {
  system = await sharedSystem()
  partner = await addPartner(system, { record: { nameIdFormat: emailFormat } })
  other = await addPartner(system, { key: 'partner2', record: { nameIdFormat: emailFormat } })
})
afterAll(async () => {
  await Promise.all([partner.close(), other.close()])
  await system[Symbol.asyncDispose]()
})

async function signedIn() {
  const [agent, user] = [system.agent(), await system.user()]
  await startSession(system, agent, user)
  return { agent, user }
}

/** A page of ours that refuses: nothing goes to anybody. */
async function expectRefused(response: Response, status = 400): Promise<void> {
  expect(response.status).toBe(status)
  expect(response.headers.get('location')).toBeNull()
  expect(await response.text()).not.toContain('<form')
}

describe('where an answer goes', () => {
  test.for([
    ['an address that is not in the metadata', `AssertionConsumerServiceURL="https://evil.example/acs"`],
    ['an address with something behind it', 'AssertionConsumerServiceURL="ACS/../evil"'],
    ['an index that is not in the metadata', 'AssertionConsumerServiceIndex="3"'],
    ['an index and an address', 'AssertionConsumerServiceIndex="7" AssertionConsumerServiceURL="ACS"'],
    ['another binding', 'ProtocolBinding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Artifact"'],
  ])('SML-04 %s is refused with a page', async ([, attributes = '']) => {
    const { agent } = await signedIn()
    const written = attributes.replace('ACS', `${partner.site.origin}/acs`)
    await expectRefused(await agent.get(craftedAddress(system, partner, { attributes: written })))
  })

  test('SML-04 another address of the metadata is served, by index and by address', async () => {
    const { agent } = await signedIn()
    const second = `${partner.site.origin}/second`
    for (const attributes of ['AssertionConsumerServiceIndex="7"', `AssertionConsumerServiceURL="${second}"`])
      expect((await signOn(agent, craftedAddress(system, partner, { attributes }))).action).toBe(second)
  })

  test('SML-08 attack M11 RelayState is carried, escaped, and never followed', async () => {
    const { agent } = await signedIn()
    for (const relayState of [
      '//evil.example',
      'https://evil.example',
      '"><script>alert(1)</script>',
      'javascript:1',
    ]) {
      const page = await agent.get(craftedAddress(system, partner, { relayState }))
      expect(page.headers.get('location')).toBeNull()
      const text = await page.clone().text()
      expect(text).not.toContain('<script>alert')
      expect(text).not.toContain(`href="${relayState}"`)
      const answer = await answerOf(page)
      expect(answer).toMatchObject({ action: `${partner.site.origin}/acs`, relayState })
    }
    await expectRefused(await agent.get(craftedAddress(system, partner, { relayState: 'x'.repeat(81) })))
  })

  test('SML-26 the page that posts is neither stored nor framed, and runs nothing of its own', async () => {
    const { agent } = await signedIn()
    const page = await agent.get(await requestAddress(partner))
    expect(page.headers.get('cache-control')).toBe('no-store')
    expect(page.headers.get('content-security-policy')).toMatch(/default-src 'none'.*frame-ancestors 'none'/)
    expect(page.headers.get('x-frame-options')).toBe('DENY')
    expect(await page.text()).not.toMatch(/<script>|onload=|style=/)
  })
})

describe('who asks', () => {
  test('SML-05 an unsigned request of a partner that signs, and one signed by somebody else', async () => {
    const { agent } = await signedIn()
    for (const key of [null, 'stranger', 'partner2'] as const)
      await expectRefused(await agent.get(craftedAddress(system, partner, { key })))
    const xml = requestXml(system, partner)
    await expectRefused(await agent.post('/saml/idp/sso', { SAMLRequest: Buffer.from(xml).toString('base64') }))
  })

  test('SML-05 attack M12 a second request beside the signed one', async () => {
    const { agent } = await signedIn()
    const evil = new URL(craftedAddress(system, partner, { key: null })).search.slice(1)
    const address = craftedAddress(system, partner)
    await expectRefused(await agent.get(`${address}&${evil}`))
    await expectRefused(await agent.get(address.replace('?', `?${evil}&`)))
  })

  test('SML-06 another Destination, an old request, one of the future, and none at all', async () => {
    const { agent } = await signedIn()
    const at = (seconds: number) => new Date(Date.now() + seconds * 1000).toISOString()
    for (const request of [
      { destination: 'https://other.example/sso' },
      { destination: `${system.issuer}/saml/idp/slo` },
      { destination: null },
      { issueInstant: at(-400) },
      { issueInstant: at(100) },
      { issueInstant: '2026-11-25T12:00:00+02:00' },
      { version: '1.1' },
      { id: '1' },
    ])
      await expectRefused(await agent.get(craftedAddress(system, partner, request)))
  })

  test('SML-06 attack M8 a request that was used before', async () => {
    const { agent } = await signedIn()
    const address = craftedAddress(system, partner)
    expect((await agent.get(address)).status).toBe(200)
    await expectRefused(await agent.get(address))
    await expectRefused(await system.agent().get(address))
  })

  test('SML-07 attack M6 a request that inflates without end', async () => {
    const address = redirectAddress(`${system.issuer}/saml/idp/sso`, 'SAMLRequest', ' '.repeat(9_000_000), {})
    await expectRefused(await system.agent().get(address), 413)
  })

  test('SML-02 attack M6 attack M3 document types and processing instructions', async () => {
    for (const prefix of ['<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>', '<?x?>']) {
      const xml = prefix + requestXml(system, partner)
      await expectRefused(
        await system.agent().get(redirectAddress(`${system.issuer}/saml/idp/sso`, 'SAMLRequest', xml, {})),
      )
    }
  })

  test('attack M15 a partner that was disabled, removed, or whose metadata has expired', async () => {
    const { agent } = await signedIn()
    const begun = system.agent()
    const page = await begun.follow(await begun.get(craftedAddress(system, partner)))
    const interaction = new URL(page.url).searchParams.get('interaction') ?? ''
    try {
      for (const change of [{ enabled: false }, { validUntil: Math.floor(Date.now() / 1000) - 1 }]) {
        await partner.change(change)
        await expectRefused(await agent.get(craftedAddress(system, partner)), 403)
        // Also one who was signing in meanwhile.
        await expectRefused(await begun.get(`/saml/idp/continue?interaction=${interaction}`), 403)
      }
    } finally {
      await partner.change({})
    }
    await expectRefused(await agent.get(craftedAddress(system, partner, { issuer: 'https://unknown.example' })), 403)
    // An alias is no entity id.
    await expectRefused(await agent.get(craftedAddress(system, partner, { issuer: partner.record.alias })), 403)
  })

  test('SML-17 a sign-on that was begun in another browser is not finished in this one', async () => {
    const [one, two] = [system.agent(), await signedIn()]
    const page = await one.follow(await one.get(craftedAddress(system, partner)))
    const interaction = new URL(page.url).searchParams.get('interaction') ?? ''
    expect(interaction).not.toBe('')
    const refused = await two.agent.get(`/saml/idp/continue?interaction=${interaction}`)
    expect(refused.status).toBe(400)
    expect(await refused.text()).toContain('another browser')
  })
})

/** A message about signing out, by hand. */
function logoutXml(name: 'LogoutRequest' | 'LogoutResponse', content: string, attributes: Record<string, string> = {}) {
  const all = {
    ID: `_${randomUUID()}`,
    Version: '2.0',
    IssueInstant: new Date().toISOString(),
    Destination: `${system.issuer}/saml/idp/slo`,
    ...attributes,
  }
  const written = Object.entries(all).map(([key, value]) => `${key}="${value}"`)
  return `<samlp:${name} xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ${written.join(' ')}>${content}</samlp:${name}>`
}

function logoutContent(issuer: string, email: string, more = ''): string {
  return `<saml:Issuer>${issuer}</saml:Issuer><saml:NameID Format="${emailFormat}">${email}</saml:NameID>${more}`
}

function sloAddress(xml: string, key: keyof typeof testKeys | null, parameter?: 'SAMLResponse'): string {
  return redirectAddress(`${system.issuer}/saml/idp/slo`, parameter ?? 'SAMLRequest', xml, { key })
}

async function isSignedIn(agent: Agent): Promise<boolean> {
  return (await agent.get('/account')).status === 200
}

describe('signing out', () => {
  test('SML-21 attack M13 what nobody signed, or somebody else did, signs nobody out', async () => {
    const { agent, user } = await signedIn()
    await signOn(agent, craftedAddress(system, partner))
    const xml = logoutXml('LogoutRequest', logoutContent(partner.record.entityId, user.email))
    for (const key of [null, 'stranger', 'partner2'] as const)
      await expectRefused(await agent.get(sloAddress(xml, key)))
    const posted = { SAMLRequest: Buffer.from(xml).toString('base64') }
    await expectRefused(await agent.post('/saml/idp/slo', posted))
    expect(await isSignedIn(agent)).toBe(true)
  })

  test('SML-21 attack M13 another partner, another name and another session index sign nobody out', async () => {
    const { agent, user } = await signedIn()
    await signOn(agent, craftedAddress(system, partner))
    const own = partner.record.entityId
    for (const [content, key] of [
      // It never had this person.
      [logoutContent(other.record.entityId, user.email), 'partner2'],
      [logoutContent(own, 'somebody@example.com'), 'partner'],
      [logoutContent(own, user.email, '<samlp:SessionIndex>_other</samlp:SessionIndex>'), 'partner'],
    ] as const) {
      const page = await agent.follow(await agent.get(sloAddress(logoutXml('LogoutRequest', content), key)))
      const location = page.headers.get('location') ?? ''
      expect(location).toContain('/slo?SAMLResponse=')
      expect(statusOf({ action: '', response: '', relayState: undefined, xml: await inflated(location) })).toEqual([
        'Requester',
        'UnknownPrincipal',
      ])
      expect(await isSignedIn(agent)).toBe(true)
    }
  })

  test('SML-06 SML-21 attack M13 old, late, misdirected and repeated requests', async () => {
    const { agent, user } = await signedIn()
    await signOn(agent, craftedAddress(system, partner))
    const content = logoutContent(partner.record.entityId, user.email)
    const past = new Date(Date.now() - 400_000).toISOString()
    for (const attributes of [
      { IssueInstant: past },
      { NotOnOrAfter: past },
      { Destination: 'https://other.example/slo' },
      { Destination: `${system.issuer}/saml/idp/sso` },
      { Version: '1.1' },
    ])
      await expectRefused(await agent.get(sloAddress(logoutXml('LogoutRequest', content, attributes), 'partner')))
    expect(await isSignedIn(agent)).toBe(true)
    const address = sloAddress(logoutXml('LogoutRequest', content), 'partner')
    expect((await agent.follow(await agent.get(address))).headers.get('location')).toContain('SAMLResponse=')
    expect(await isSignedIn(agent)).toBe(false)
    await expectRefused(await agent.get(address))
  })

  test('SML-21 a request without this browser’s cookie ends the session all the same', async () => {
    const { agent, user } = await signedIn()
    const profile = await profileOf(partner, await signOn(agent, craftedAddress(system, partner)))
    const more = `<samlp:SessionIndex>${profile.sessionIndex}</samlp:SessionIndex>`
    const xml = logoutXml('LogoutRequest', logoutContent(partner.record.entityId, user.email, more))
    const elsewhere = system.agent()
    await elsewhere.follow(await elsewhere.get(sloAddress(xml, 'partner')))
    expect(await isSignedIn(agent)).toBe(false)
  })

  test('SML-22 attack M13 answers that are forged, foreign or to nothing change nothing', async () => {
    const { agent } = await signedIn()
    await signOn(agent, craftedAddress(system, partner))
    await signOn(agent, craftedAddress(system, other, { key: 'partner2' }))
    const page = await agent.follow(await agent.submit(await (await agent.get('/logout')).text(), {}, '/logout'))
    const interaction = new URL(page.url).searchParams.get('interaction') ?? ''
    const asked = await agent.get(`/saml/idp/logout/next?interaction=${interaction}&partner=0`)
    const sent = await inflated(asked.headers.get('location') ?? '')
    const id = / ID="([^"]+)"/.exec(sent)?.[1] ?? ''
    const success =
      '<samlp:Status><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"/></samlp:Status>'
    const answer = (issuer: string, to: string) =>
      logoutXml('LogoutResponse', `<saml:Issuer>${issuer}</saml:Issuer>${success}`, { InResponseTo: to })
    const [mine, theirs] = [partner.record.entityId, other.record.entityId]
    for (const [xml, key] of [
      [answer(mine, id), null],
      [answer(mine, id), 'stranger'],
      [answer(mine, id), 'partner2'],
      // Signed by the partner it names, which was not asked by this request.
      [answer(theirs, id), 'partner2'],
      [answer(mine, id.replace(/\.0$/, '.1')), 'partner'],
      [answer(mine, '_nothing'), 'partner'],
      [answer(mine, `${id}0`), 'partner'],
    ] as const)
      await expectRefused(await agent.get(sloAddress(xml, key, 'SAMLResponse')))
    const states = async () =>
      (await (await agent.get(`/saml/idp/logout?interaction=${interaction}`)).text()).match(
        /<strong>([A-Z][a-z ]+)<\/strong>/g,
      )
    expect(await states()).toEqual(['<strong>No answer yet</strong>', '<strong>Waiting</strong>'])
    await agent.follow(await agent.get(sloAddress(answer(mine, id), 'partner', 'SAMLResponse')))
    expect(await states()).toEqual(['<strong>Signed out</strong>', '<strong>Waiting</strong>'])
    // In another browser nothing of it is shown.
    const stranger = await system.agent().get(`/saml/idp/logout?interaction=${interaction}`)
    expect(await stranger.text()).toContain('another browser')
  })

  test('attack M15 a disabled partner signs nobody out, and is not told', async () => {
    const { agent, user } = await signedIn()
    await signOn(agent, craftedAddress(system, partner))
    await partner.change({ enabled: false })
    try {
      const xml = logoutXml('LogoutRequest', logoutContent(partner.record.entityId, user.email))
      await expectRefused(await agent.get(sloAddress(xml, 'partner')), 403)
      expect(await isSignedIn(agent)).toBe(true)
      const page = await agent.follow(await agent.submit(await (await agent.get('/logout')).text(), {}, '/logout'))
      expect(await page.text()).toContain('Not signed out')
    } finally {
      await partner.change({})
    }
    expect(await isSignedIn(agent)).toBe(false)
  })
})

async function inflated(address: string): Promise<string> {
  const { inflateRawSync } = await import('node:zlib')
  const query = new URL(address).searchParams
  const message = query.get('SAMLRequest') ?? query.get('SAMLResponse') ?? ''
  return inflateRawSync(Buffer.from(message, 'base64')).toString()
}
