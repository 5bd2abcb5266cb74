import { inflateRawSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { adminJson } from '../management/support.ts'
import type { Agent } from '../support/agent.ts'
import type { SiteRequest } from '../support/site.ts'
import { type System, startSystem } from '../support/system.ts'
import { type ForeignProvider, addProvider, throughProvider } from './foreign-provider.ts'
import { addPartner, requestAddress, signOn } from './support.ts'

let system: System
let provider: ForeignProvider
beforeAll(async () => {
  system = await startSystem()
  provider = await addProvider(system)
})
afterAll(async () => {
  await provider.close()
  await system[Symbol.asyncDispose]()
})

let people = 0
async function signedIn(agent = system.agent(), sessionIndex = `_index-${++people}`) {
  const nameId = `leaver-${++people}`
  provider.says = { nameId, sessionIndex, attributes: { mail: [`${nameId}@acme.example`] } }
  await agent.follow(await throughProvider(agent, provider))
  return { agent, nameId, sessionIndex }
}
const isSignedIn = async (agent: Agent) => (await agent.get('/account')).status === 200
/** What a browser brings to the provider's site. */
const brought = (response: Response): SiteRequest => ({
  method: 'GET',
  url: new URL(response.headers.get('location') ?? ''),
  headers: {},
  form: new URLSearchParams(),
  body: '',
})
/** Goes along with the pages of a sign-out that go on by themselves where scripts run. */
async function gone(agent: Agent, response: Response): Promise<Response> {
  const at = await agent.follow(response)
  if (at.headers.get('location') !== null) return at
  const page = await at.text()
  const next = /<a class="button primary" href="([^"]+)" data-go-on/.exec(page)?.[1]
  return next === undefined ? new Response(page) : agent.follow(await agent.get(next.replaceAll('&amp;', '&')))
}

describe('the identity provider signs somebody out', () => {
  test('SML-21 SML-22 the session and what it gave end, and the provider gets a signed answer', async () => {
    const { agent, nameId, sessionIndex } = await signedIn()
    const answer = await gone(agent, await agent.get(provider.logoutAddress(nameId, sessionIndex)))
    expect(await provider.logoutStatus(brought(answer))).toBe('Success')
    expect(await isSignedIn(agent)).toBe(false)
  })

  test('SML-21 without a session index every session of the person ends, in other browsers too, and nobody else’s', async () => {
    const { agent, nameId } = await signedIn()
    const elsewhere = system.agent()
    provider.says = { ...provider.says, nameId }
    await elsewhere.follow(await throughProvider(elsewhere, provider))
    const other = await signedIn()
    await gone(agent, await agent.get(provider.logoutAddress(nameId)))
    expect([await isSignedIn(agent), await isSignedIn(elsewhere), await isSignedIn(other.agent)]).toEqual([
      false,
      false,
      true,
    ])
  })

  test('attack M13 SML-21 a request that a stranger signed, one for another person and one twice change nothing', async () => {
    const { agent, nameId, sessionIndex } = await signedIn()
    const forged = await agent.get(provider.logoutAddress(nameId, sessionIndex, 'stranger'))
    expect(forged.status).toBe(400)
    const unsigned = new URL(provider.logoutAddress(nameId, sessionIndex))
    unsigned.searchParams.delete('Signature')
    unsigned.searchParams.delete('SigAlg')
    expect((await agent.get(unsigned)).status).toBe(400)
    const nobody = await gone(agent, await agent.get(provider.logoutAddress('nobody')))
    expect(await provider.logoutStatus(brought(nobody))).toBe('Requester UnknownPrincipal')
    const wrongIndex = await gone(agent, await agent.get(provider.logoutAddress(nameId, '_another')))
    expect(await provider.logoutStatus(brought(wrongIndex))).toBe('Requester UnknownPrincipal')
    expect(await isSignedIn(agent)).toBe(true)
    const address = provider.logoutAddress(nameId, sessionIndex)
    expect((await agent.get(address)).status).toBe(303)
    expect((await agent.get(address)).status).toBe(400)
  })

  test('attack M15 a provider that was disabled signs nobody out', async () => {
    const { agent, nameId } = await signedIn()
    await adminJson(system, 'PATCH', `/saml/idp/${provider.alias}`, { enabled: false })
    expect((await agent.get(provider.logoutAddress(nameId))).status).toBe(403)
    expect(await isSignedIn(agent)).toBe(true)
    await adminJson(system, 'PATCH', `/saml/idp/${provider.alias}`, { enabled: true })
  })
})

describe('somebody signs out here', () => {
  const leave = async (agent: Agent) => {
    const page = await (await agent.get('/logout')).text()
    return agent.follow(await agent.submit(page, {}, '/logout'))
  }

  test('SML-22 our request is signed, names the person and the session, and a signed answer is believed', async () => {
    const { agent, nameId, sessionIndex } = await signedIn()
    const page = await (await leave(agent)).text()
    const next = /<a class="button primary" href="([^"]+)" data-go-on/.exec(page)?.[1]?.replaceAll('&amp;', '&') ?? ''
    const away = await agent.get(next)
    const request = brought(away)
    expect(request.url.href.startsWith(`${provider.site.origin}/slo?`)).toBe(true)
    const answer = await provider.logoutAnswer(request)
    const xml = inflateRawSync(Buffer.from(request.url.searchParams.get('SAMLRequest') ?? '', 'base64')).toString()
    expect(xml).toContain(`>${nameId}</saml:NameID>`)
    expect(xml).toContain(`>${sessionIndex}</samlp:SessionIndex>`)
    const done = await (await agent.follow(await agent.get(answer))).text()
    expect(done).toContain('You are signed out')
    expect(done).toContain('Acme')
  })
})

describe('one session with the applications', () => {
  test('SML-21 SML-22 a provider’s wish is passed on to the applications before it is answered', async () => {
    const application = await addPartner(system)
    const { agent, nameId } = await signedIn()
    await signOn(agent, await requestAddress(application))
    const page = await (await agent.follow(await agent.get(provider.logoutAddress(nameId)))).text()
    expect(page).toContain('Payroll')
    expect(page).not.toContain('Acme</bdi>:')
    expect(await isSignedIn(agent)).toBe(false)
    await application.close()
  })

  test('who is signed in and how is told to scripts of this origin and on a page', async () => {
    const application = await addPartner(system)
    const { agent } = await signedIn()
    await signOn(agent, await requestAddress(application))
    const told = await agent.get('/saml/sp/session', { accept: 'application/json' })
    expect(told.headers.get('access-control-allow-origin')).toBeNull()
    expect(told.headers.get('cache-control')).toBe('no-store')
    expect(await told.json()).toMatchObject({
      signedIn: true,
      email: expect.stringMatching(/^leaver-/),
      methods: ['pwd'],
      identityProviders: [{ entityId: provider.entityId, name: 'Acme' }],
      applications: [{ entityId: application.record.entityId, name: 'Payroll' }],
    })
    const page = await (await agent.get('/saml/sp/session')).text()
    expect(page).toContain('You are signed in')
    expect(page).toMatch(/Through .*Acme/)
    const stranger = system.agent()
    const nobody = await stranger.get('/saml/sp/session', { accept: 'application/json' })
    expect(await nobody.json()).toEqual({ signedIn: false })
    expect(await (await stranger.get('/saml/sp/session')).text()).toContain('Nobody is signed in here')
    await application.close()
  })

  test('SML-17 an application that asks to be asked again has the provider ask again', async () => {
    const application = await addPartner(system, { saml: { forceAuthn: true } })
    const { agent, nameId } = await signedIn()
    const begun = await agent.follow(await agent.get(await requestAddress(application)))
    const page = await begun.text()
    const href = /href="(\/saml\/sp\/login\/[^"]+)"/.exec(page)?.[1]?.replaceAll('&amp;', '&') ?? ''
    provider.says = { nameId }
    const consumed = await throughProvider(agent, provider, href)
    expect(provider.requests.at(-1)?.forceAuthn).toBe(true)
    expect(await (await agent.follow(consumed)).text()).toContain(`action="${application.site.origin}/acs"`)
    await application.close()
  })
})
