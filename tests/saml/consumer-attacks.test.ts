import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { adminJson } from '../management/support.ts'
import type { Agent } from '../support/agent.ts'
import { type System, startSystem } from '../support/system.ts'
import { type ForeignProvider, type Said, addProvider, throughProvider } from './foreign-provider.ts'

let system: System
let provider: ForeignProvider
let acs: string
let people = 0
beforeAll(async () => {
  system = await startSystem()
  provider = await addProvider(system)
  acs = `${system.issuer}/saml/sp/acs`
})
afterAll(async () => {
  await provider.close()
  await system[Symbol.asyncDispose]()
})

const post = (agent: Agent, response: string, relayState?: string) =>
  agent.post(acs, { SAMLResponse: response, ...(relayState !== undefined && { RelayState: relayState }) })
const isSignedIn = async (agent: Agent) => (await agent.get('/account')).status === 200

/** Begins a sign-in and answers it with what a test says. */
async function answered(said: Partial<Said>, agent = system.agent()) {
  const nameId = `person-${++people}`
  provider.says = { nameId, attributes: { mail: [`${nameId}@acme.example`] }, ...said }
  const consumed = await throughProvider(agent, provider)
  const done = await agent.follow(consumed)
  return { agent, status: done.status, cookies: new Map(agent.cookies) }
}

/** A sign-in under way, and the provider's answer to it. */
async function begun(said: Partial<Said>, agent = system.agent()) {
  const nameId = `person-${++people}`
  provider.says = { nameId, attributes: { mail: [`${nameId}@acme.example`] }, ...said }
  const away = await agent.get(`/saml/sp/login/${provider.alias}`)
  const page = await (await fetch(away.headers.get('location') ?? '')).text()
  const response = /name="SAMLResponse" value="([^"]+)"/.exec(page)?.[1] ?? ''
  const edited = (edit: (xml: string) => string) =>
    Buffer.from(edit(Buffer.from(response, 'base64').toString())).toString('base64')
  return { agent, response, edited }
}

describe('the consumer service refuses', () => {
  const soon = (seconds: number) => new Date(Date.now() + seconds * 1000)
  const wrong: [string, Partial<Said> | (() => Partial<Said>)][] = [
    ['attack M8 another issuer', { issuer: 'https://evil.example/metadata' }],
    ['attack M8 SML-18 another audience', { audience: 'https://other-sp.example/metadata' }],
    ['attack M8 SML-18 another recipient', { recipient: 'https://other-sp.example/acs' }],
    ['attack M8 SML-18 another destination', { destination: 'https://other-sp.example/acs' }],
    ['attack M8 SML-17 another request', { inResponseTo: '_somebody_elses' }],
    ['attack M8 SML-18 an assertion of yesterday', () => ({ notOnOrAfter: soon(-120) })],
    ['attack M9 SML-03 a key that the metadata does not name', { key: 'stranger' }],
    ['attack M9 SML-03 the key of another partner', { key: 'partner2' }],
    ['attack M14 SML-19 an encrypted assertion that a stranger signed', { encrypt: true, key: 'stranger' }],
  ]
  test.each(wrong)('%s', async (_name, said) => {
    const { agent, status } = await answered(typeof said === 'function' ? said() : said)
    expect(status).toBe(400)
    expect(await isSignedIn(agent)).toBe(false)
  })

  test('attack M7 a response without any signature', async () => {
    const { agent, response, edited } = await begun({})
    const bare = edited((xml) => xml.replaceAll(/<ds:Signature.*?<\/ds:Signature>/gs, ''))
    expect(bare.length).toBeLessThan(response.length)
    expect((await post(agent, bare)).status).toBe(400)
    // With its signature it is good, so that nothing else was wrong.
    expect((await post(agent, response)).status).toBe(303)
  })

  test('attack M2 a comment that would cut the name, and attack M6 a document type', async () => {
    const evil = await answered({ nameId: 'admin@acme.example<!-- -->.evil.example' })
    // Refused or read whole: never the part before the comment.
    if (evil.status === 200)
      expect(await (await evil.agent.get('/account')).text()).not.toContain('admin@acme.example<')
    const { agent, response, edited } = await begun({})
    const doctype = edited((xml) => `<!DOCTYPE Response [<!ENTITY a "b">]>${xml}`)
    expect((await post(agent, doctype)).status).toBe(400)
    expect((await post(agent, response)).status).toBe(303)
  })

  test('the same response again, in the same browser or another: its ids were used', async () => {
    const { agent, response } = await begun({})
    const before = new Map(agent.cookies)
    expect((await post(agent, response)).status).toBe(303)
    // Also with the cookies of before.
    for (const [name, value] of before) agent.cookies.set(name, value)
    expect((await post(agent, response)).status).toBe(400)
    expect((await post(system.agent(), response)).status).toBe(400)
  })

  test('attack M8 SML-17 fifty parallel posts of one response: one is taken', async () => {
    const { agent, response } = await begun({})
    const cookie = [...agent.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const statuses = await Promise.all(
      Array.from({ length: 50 }, async () => {
        const body = new URLSearchParams({ SAMLResponse: response })
        return (await fetch(acs, { method: 'POST', body, headers: { cookie }, redirect: 'manual' })).status
      }),
    )
    expect(statuses.filter((status) => status === 303)).toHaveLength(1)
    expect(statuses.filter((status) => status === 400)).toHaveLength(49)
  })

  test('SML-17 attack O21 the answer to a sign-in that another browser began: nobody is made to sign in as the attacker', async () => {
    const victim = system.agent()
    const { agent: attacker, response } = await begun({})
    expect((await post(victim, response)).status).toBe(400)
    // Nor has the victim’s own sign-in that is under way anything to do with it.
    await victim.get(`/saml/sp/login/${provider.alias}`)
    expect((await post(victim, response)).status).toBe(400)
    expect(await isSignedIn(victim)).toBe(false)
    // What the attacker got cannot be handed on either.
    const completed = (await post(attacker, response)).headers.get('location') ?? ''
    expect((await victim.get(completed)).status).toBe(400)
    expect(await isSignedIn(victim)).toBe(false)
  })

  test('SML-16 a response that nobody asked for, unless the operator allows it for the provider', async () => {
    const agent = system.agent()
    const unasked = { inResponseTo: '', nameId: `unasked-${++people}`, attributes: { mail: ['unasked@acme.example'] } }
    expect((await post(agent, await provider.response(unasked))).status).toBe(403)
    await adminJson(system, 'PATCH', `/saml/idp/${provider.alias}`, { idpInitiated: true })
    const done = await agent.follow(await post(agent, await provider.response(unasked), 'https://evil.example/'))
    expect(done.status).toBe(200)
    expect(new URL(done.url).pathname).toBe('/account')
    // Once only, also this way.
    const again = await provider.response(unasked)
    expect((await post(agent, again)).status).toBe(303)
    expect((await post(agent, again)).status).toBe(400)
    // An answer to a request stays tied to its browser.
    expect((await post(system.agent(), await provider.response({ ...unasked, inResponseTo: '_x' }))).status).toBe(400)
    await adminJson(system, 'PATCH', `/saml/idp/${provider.alias}`, { idpInitiated: false })
  })

  test('attack M8 the id of a response is used once, whatever assertion is inside', async () => {
    await adminJson(system, 'PATCH', `/saml/idp/${provider.alias}`, { idpInitiated: true })
    const edit = (xml: string) => xml.replace(/(<samlp:Response [^>]*ID=)"[^"]*"/, '$1"_the-same"')
    const said = { inResponseTo: '', nameId: `same-${++people}`, attributes: { mail: [`same-${people}@acme.example`] } }
    expect((await post(system.agent(), await provider.response({ ...said, edit }))).status).toBe(303)
    expect((await post(system.agent(), await provider.response({ ...said, edit }))).status).toBe(400)
    expect((await post(system.agent(), await provider.response(said))).status).toBe(303)
    await adminJson(system, 'PATCH', `/saml/idp/${provider.alias}`, { idpInitiated: false })
  })

  test('attack O21 to go on with what another browser began', async () => {
    const [attacker, victim] = [system.agent(), system.agent()]
    const began = (await attacker.get('/account')).headers.get('location') ?? ''
    await victim.get('/account')
    const { search } = new URL(began, system.issuer)
    expect((await attacker.get(`/saml/sp/login/${provider.alias}${search}`)).status).toBe(303)
    expect((await victim.get(`/saml/sp/login/${provider.alias}${search}`)).status).toBe(400)
    expect((await victim.get(`/saml/sp/login/${provider.alias}?interaction=nonsense`)).status).toBe(400)
  })

  test('attack M11 SML-08 RelayState leads nowhere', async () => {
    const { agent, status } = await answered({})
    // The provider of these tests always sends https://evil.example/.
    expect(status).toBe(200)
    expect(await isSignedIn(agent)).toBe(true)
  })

  test('attack M15 a provider that was disabled, from then on and also for who is away', async () => {
    const { agent, response } = await begun({})
    await adminJson(system, 'PATCH', `/saml/idp/${provider.alias}`, { enabled: false })
    expect((await post(agent, response)).status).toBe(403)
    expect((await agent.get(`/saml/sp/login/${provider.alias}`)).status).toBe(403)
    await adminJson(system, 'PATCH', `/saml/idp/${provider.alias}`, { enabled: true })
    expect((await agent.follow(await post(agent, response))).status).toBe(200)
  })

  test('attack M15 metadata that has run out', async () => {
    const { db } = system
    const past = Math.floor(Date.now() / 1000) - 10
    await db
      .prepare("UPDATE saml_partners SET record = json_set(record, '$.validUntil', ?) WHERE alias = ?")
      .bind(past, provider.alias)
      .run()
    expect((await system.agent().get(`/saml/sp/login/${provider.alias}`)).status).toBe(403)
    await db
      .prepare("UPDATE saml_partners SET record = json_remove(record, '$.validUntil') WHERE alias = ?")
      .bind(provider.alias)
      .run()
  })

  test('a response of one provider to the sign-in at another', async () => {
    const other = await addProvider(system)
    const agent = system.agent()
    const away = await agent.get(`/saml/sp/login/${other.alias}`)
    await fetch(away.headers.get('location') ?? '')
    const inResponseTo = other.requests.at(-1)?.id ?? ''
    expect((await post(agent, await provider.response({ inResponseTo }))).status).toBe(400)
    await other.close()
  })

  test('a provider for which we are an entity of its own takes nothing that was meant for the others', async () => {
    const own = await addProvider(system, { separateEntity: true })
    const agent = system.agent()
    own.says = { nameId: 'separate-1', attributes: { mail: ['separate@own.example'] } }
    expect((await agent.follow(await throughProvider(agent, own))).status).toBe(200)
    const again = system.agent()
    own.says = { ...own.says, audience: `${system.issuer}/saml/sp/metadata` }
    expect((await throughProvider(again, own)).status).toBe(400)
    const elsewhere = system.agent()
    const away = await elsewhere.get(`/saml/sp/login/${own.alias}`)
    await fetch(away.headers.get('location') ?? '')
    expect(
      (await post(elsewhere, await own.response({ audience: `${acs.replace('/acs', '/metadata')}/${own.alias}` })))
        .status,
    ).toBe(400)
    await own.close()
  })

  test('SML-13 a refusal of the provider gets a page and no session', async () => {
    const statusCode = 'urn:oasis:names:tc:SAML:2.0:status:Responder'
    const { agent, status } = await answered({ statusCode, signResponse: true })
    expect(status).toBe(403)
    expect(await isSignedIn(agent)).toBe(false)
  })

  test('what is no message at all', async () => {
    for (const response of ['', '%%%', 'bm90IFhNTA==', Buffer.from('<a/>').toString('base64'), 'A'.repeat(70_000)])
      expect((await post(system.agent(), response)).status).toBeGreaterThanOrEqual(400)
    expect((await system.agent().get('/saml/sp/acs')).status).toBe(405)
    expect((await system.agent().get('/saml/sp/complete?interaction=x')).status).toBe(400)
    expect((await system.agent().get('/saml/sp/login/nobody')).status).toBe(403)
  })
})

describe('what browsers are given', () => {
  test('the transaction cookie is __Host-, Secure, HttpOnly, SameSite=None and short; the session stays Lax', async () => {
    const away = await system.agent().get(`/saml/sp/login/${provider.alias}`)
    const cookie = away.headers.getSetCookie().find((line) => line.startsWith('__Host-authrim-saml='))
    for (const part of ['Path=/', 'Secure', 'HttpOnly', 'SameSite=None', 'Max-Age=900']) expect(cookie).toContain(part)
    expect(away.headers.get('cache-control')).toBe('no-store')
  })

  test('our requests are signed, say where the answer goes, and carry no RelayState', async () => {
    const away = await system.agent().get(`/saml/sp/login/${provider.alias}`)
    const { searchParams } = new URL(away.headers.get('location') ?? '')
    expect([...searchParams.keys()]).toEqual(['SAMLRequest', 'SigAlg', 'Signature'])
    expect(searchParams.get('SigAlg')).toBe('http://www.w3.org/2001/04/xmldsig-more#rsa-sha256')
  })

  test('SML-25 our metadata has keys, addresses and formats, and both certificates during a rotation', async () => {
    await adminJson(system, 'POST', '/keys/rotate', { use: 'saml' })
    const response = await fetch(`${system.issuer}/saml/sp/metadata`)
    expect(response.headers.get('content-type')).toBe('application/samlmetadata+xml')
    const xml = await response.text()
    expect(xml).toContain(`entityID="${system.issuer}/saml/sp/metadata"`)
    expect(xml).toContain(`Location="${acs}"`)
    expect(xml).toContain('AuthnRequestsSigned="true"')
    expect(xml).toContain('<md:KeyDescriptor use="encryption"')
  })
})
