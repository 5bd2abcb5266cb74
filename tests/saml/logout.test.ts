import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { SignedXml } from 'xml-crypto'
import { testKeys } from '../../workers/op-saml/testing/keys.ts'
import { startSession } from '../support/sessions.ts'
import type { SiteAnswer, SiteRequest } from '../support/site.ts'
import { sharedSystem, type System } from '../support/system.ts'
import { addPartner, answerOf, pem, post, redirect, requestAddress, signOn, type TestPartner } from './support.ts'

const soap = 'urn:oasis:names:tc:SAML:2.0:bindings:SOAP'
const exclusive = 'http://www.w3.org/2001/10/xml-exc-c14n#'

let system: System
beforeAll(async () => {
  system = await sharedSystem()
})
afterAll(() => system[Symbol.asyncDispose]())

async function signedIn() {
  const [agent, user] = [system.agent(), await system.user()]
  await startSession(system, agent, user)
  return { agent, user }
}

/** Signs as the partner does, with the library and not with our code. */
function signedXml(xml: string, name: string, key: keyof typeof testKeys): string {
  const signer = new SignedXml({
    privateKey: pem('PRIVATE KEY', testKeys[key].privateKey),
    signatureAlgorithm: 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256',
    canonicalizationAlgorithm: exclusive,
  })
  signer.addReference({
    xpath: `//*[local-name(.)='${name}']`,
    transforms: ['http://www.w3.org/2000/09/xmldsig#enveloped-signature', exclusive],
    digestAlgorithm: 'http://www.w3.org/2001/04/xmlenc#sha256',
  })
  const reference = `//*[local-name(.)='${name}']/*[local-name(.)='Issuer']`
  signer.computeSignature(xml, { location: { reference, action: 'after' } })
  return signer.getSignedXml()
}

interface SoapAnswer {
  readonly status?: string
  readonly key?: keyof typeof testKeys | null
  readonly inResponseTo?: string
  readonly issuer?: string
  readonly code?: number
}

/** What a partner answers behind the browser's back. */
function soapAnswer(partner: TestPartner, { body }: SiteRequest, answer: SoapAnswer): SiteAnswer {
  const { status = 'Success', key = 'partner', issuer = partner.record.entityId, code = 200 } = answer
  const inResponseTo = answer.inResponseTo ?? / ID="([^"]+)"/.exec(body)?.[1] ?? ''
  const response = `<samlp:LogoutResponse xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="_answer" Version="2.0" IssueInstant="${new Date().toISOString()}" InResponseTo="${inResponseTo}"><saml:Issuer>${issuer}</saml:Issuer><samlp:Status><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:${status}"/></samlp:Status></samlp:LogoutResponse>`
  const message = key === null ? response : signedXml(response, 'LogoutResponse', key)
  return {
    status: code,
    headers: { 'content-type': 'text/xml' },
    body: `<S:Envelope xmlns:S="http://schemas.xmlsoap.org/soap/envelope/"><S:Body>${message}</S:Body></S:Envelope>`,
  }
}

describe('behind the browser’s back', () => {
  async function soapPartner(answer: SoapAnswer, front = false) {
    const partner = await addPartner(system)
    const slo = [{ url: `${partner.site.origin}/soap`, binding: soap }]
    await partner.change({
      slo: front ? [...slo, { url: `${partner.site.origin}/slo`, binding: redirect }] : slo,
      name: 'Archive',
    })
    partner.site.pages.set('/soap', (request) => soapAnswer(partner, request, answer))
    return { partner, [Symbol.asyncDispose]: () => partner.close() }
  }

  async function signOut(partner: TestPartner): Promise<string> {
    const { agent } = await signedIn()
    await signOn(agent, await requestAddress(partner))
    const page = await agent.follow(await agent.submit(await (await agent.get('/logout')).text(), {}, '/logout'))
    return page.text()
  }

  test('SML-21 SML-22 a partner that offers SOAP is told at once, with a signed request', async () => {
    await using chosen = await soapPartner({})
    expect(await signOut(chosen.partner)).toContain('<bdi>Archive</bdi>: <strong>Signed out</strong>')
    const [request] = chosen.partner.site.requests
    expect(request?.headers['content-type']).toContain('text/xml')
    const { profile } = await chosen.partner.saml.validatePostRequestAsync({
      SAMLRequest: Buffer.from(
        /<samlp:LogoutRequest.*<\/samlp:LogoutRequest>/s.exec(request?.body ?? '')?.[0] ?? '',
      ).toString('base64'),
    })
    expect(profile?.sessionIndex).toMatch(/^_/)
  })

  test.for([
    ['says that it did not', { status: 'Responder' }],
    ['does not sign', { key: null }],
    ['is signed by somebody else', { key: 'stranger' }],
    ['answers another request', { inResponseTo: '_other' }],
    ['names another partner', { issuer: 'https://other.example' }],
  ] as const)('SML-21 attack M13 an answer that %s counts as none', async ([, answer]) => {
    await using chosen = await soapPartner(answer)
    expect(await signOut(chosen.partner)).toContain('<bdi>Archive</bdi>: <strong>Not signed out</strong>')
  })

  test('SML-21 a page that is loaded again while partners are told does not begin anew', async () => {
    await using chosen = await soapPartner({})
    const { site } = chosen.partner
    site.pages.set('/soap', async (request) => {
      await new Promise((resolve) => setTimeout(resolve, 800))
      return soapAnswer(chosen.partner, request, {})
    })
    const wisher = await addPartner(system)
    const { agent } = await signedIn()
    await signOn(agent, await requestAddress(chosen.partner))
    const { profile } = await wisher.saml.validatePostResponseAsync({
      SAMLResponse: (await signOn(agent, await requestAddress(wisher))).response,
    })
    if (!profile) throw new Error('nobody has come')
    const wish = await agent.get(await wisher.saml.getLogoutUrlAsync(profile, '', {}))
    const page = wish.headers.get('location') ?? ''
    // A page of ours has given this browser its mark, so that both requests come with it.
    await agent.get('/logout')
    expect(agent.cookies.has('__Host-authrim-browser')).toBe(true)
    const first = agent.get(page)
    await expect.poll(() => site.requests.some(({ url }) => url.pathname === '/soap')).toBe(true)
    const second = agent.get(page)
    const answers = await Promise.all([first, second].map(async (response) => agent.follow(await response)))
    const locations = answers.map((each) => each.headers.get('location') ?? '')
    // One answers the partner; the other finds it finished.
    expect(locations.filter((each) => each.includes('SAMLResponse='))).toHaveLength(1)
    const answer = new URL(locations.find((each) => each !== '') ?? '')
    const told = await wisher.saml.validateRedirectAsync(
      Object.fromEntries(answer.searchParams),
      answer.search.slice(1),
    )
    expect(told.loggedOut).toBe(true)
    await wisher.close()
  })

  test('SML-21 where the way behind fails, the way in front is taken', async () => {
    await using chosen = await soapPartner({ code: 500, key: null }, true)
    expect(await signOut(chosen.partner)).toContain('<bdi>Archive</bdi>: <strong>Waiting</strong>')
  })
})

describe('by POST', () => {
  test('SML-22 a partner that takes only POST is asked, answers and asks by POST', async () => {
    const partner = await addPartner(system)
    await partner.change({
      slo: [{ url: `${partner.site.origin}/slo`, responseUrl: `${partner.site.origin}/done`, binding: post }],
    })
    const { agent } = await signedIn()
    const { profile } = await partner.saml.validatePostResponseAsync({
      SAMLResponse: (await signOn(agent, await requestAddress(partner))).response,
    })
    const nameId = `<saml:NameID Format="${profile?.nameIDFormat}">${profile?.nameID}</saml:NameID>`
    const xml = `<samlp:LogoutRequest xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="_wish" Version="2.0" IssueInstant="${new Date().toISOString()}" Destination="${system.issuer}/saml/idp/slo"><saml:Issuer>${partner.record.entityId}</saml:Issuer>${nameId}</samlp:LogoutRequest>`
    const message = Buffer.from(signedXml(xml, 'LogoutRequest', 'partner')).toString('base64')
    // From the partner's site it comes without our cookies.
    const posted = await system.agent().post('/saml/idp/slo', { SAMLRequest: message, RelayState: 'there' })
    expect(posted.status).toBe(303)
    const answer = await answerOf(await agent.follow(await agent.get(posted.headers.get('location') ?? '')))
    expect(answer).toMatchObject({ action: `${partner.site.origin}/done`, relayState: 'there' })
    const told = await partner.saml.validatePostResponseAsync({ SAMLResponse: answer.response })
    expect(told.loggedOut).toBe(true)
    expect((await agent.get('/account')).status).toBe(303)
    await partner.close()
  })

  test('SML-22 a partner that takes only POST is sent a form', async () => {
    const partner = await addPartner(system)
    await partner.change({ slo: [{ url: `${partner.site.origin}/slo`, binding: post }] })
    const { agent } = await signedIn()
    await signOn(agent, await requestAddress(partner))
    const page = await agent.follow(await agent.submit(await (await agent.get('/logout')).text(), {}, '/logout'))
    const next = /href="([^"]*logout\/next[^"]*)"/.exec(await page.text())?.[1]?.replaceAll('&amp;', '&') ?? ''
    const form = await (await agent.get(next)).text()
    const message = /name="SAMLRequest" value="([^"]+)"/.exec(form)?.[1] ?? ''
    expect(form).toContain(`action="${partner.site.origin}/slo"`)
    const { profile } = await partner.saml.validatePostRequestAsync({ SAMLRequest: message })
    expect(profile?.nameID).toBeTruthy()
    await partner.close()
  })
})
