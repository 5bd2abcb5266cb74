import { decodeJwt } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { adminCall, adminJson } from '../management/support.ts'
import type { Agent } from '../support/agent.ts'
import { type System, startSystem } from '../support/system.ts'
import { type ForeignProvider, addProvider, throughProvider } from './foreign-provider.ts'
import { addPartner, profileOf, requestAddress, signOn, statusOf } from './support.ts'

let system: System
let provider: ForeignProvider
beforeAll(async () => {
  system = await startSystem()
  provider = await addProvider(system, {
    domains: ['acme.example'],
    linkBy: 'verified_email',
    attributeMap: { groups: 'groups' },
  })
})
afterAll(async () => {
  await provider.close()
  await system[Symbol.asyncDispose]()
})

interface Person {
  readonly sub: string
  readonly email: string
  readonly emailVerified: boolean
  readonly claims: Readonly<Record<string, unknown>>
}

const accountOf = async (email: string) =>
  (await adminJson<{ user: Person }>(system, 'GET', `/users/${encodeURIComponent(email)}`)).user
const signedInAs = async (agent: Agent) => {
  const page = await (await agent.get('/account')).text()
  return /[\w.-]+@[\w.-]+/.exec(page.replaceAll(/<style.*?<\/style>/gs, ''))?.[0]
}

describe('somebody whom a foreign provider signs in', () => {
  test('SML-17 SML-18 gets an account at the first time and the same one ever after', async () => {
    const agent = system.agent()
    provider.says = {
      nameId: 'ada-1',
      attributes: { mail: ['ada@acme.example'], displayName: ['Ada'], groups: ['a', 'b'] },
    }
    const consumed = await throughProvider(agent, provider)
    expect(consumed.status).toBe(303)
    const done = await agent.follow(consumed)
    expect(done.status).toBe(200)
    expect(await signedInAs(agent)).toBe('ada@acme.example')
    const first = await accountOf('ada@acme.example')
    expect(first).toMatchObject({ emailVerified: true, claims: { name: 'Ada', groups: ['a', 'b'] } })
    // Another browser, another name, another address: the identifier is the same.
    const later = system.agent()
    provider.says = { nameId: 'ada-1', attributes: { mail: ['countess@acme.example'], displayName: ['Countess'] } }
    await later.follow(await throughProvider(later, provider))
    expect(await signedInAs(later)).toBe('ada@acme.example')
    expect(await accountOf('ada@acme.example')).toMatchObject({ sub: first.sub, claims: { name: 'Countess' } })
    const { events } = await adminJson<{ events: { action: string; target: string }[] }>(
      system,
      'GET',
      `/audit?actor=${first.sub}`,
    )
    expect(events.map(({ action, target }) => `${action} ${target}`).toSorted()).toEqual([
      `saml_sign_in ${provider.entityId}`,
      `saml_sign_in ${provider.entityId}`,
      `sign_in ${first.sub}`,
      `sign_in ${first.sub}`,
    ])
  })

  test('SML-19 an encrypted assertion is opened and its signature checked', async () => {
    const agent = system.agent()
    provider.says = { nameId: 'bob-1', encrypt: true, attributes: { mail: ['bob@acme.example'] } }
    await agent.follow(await throughProvider(agent, provider))
    expect(await signedInAs(agent)).toBe('bob@acme.example')
  })

  test('during a rollover of its certificate the provider signs with either key, and with no third', async () => {
    const rolling = await addProvider(system, {}, ['partner', 'partner2'])
    const statuses: number[] = []
    for (const key of ['partner', 'partner2', 'stranger'] as const) {
      const agent = system.agent()
      rolling.says = { nameId: 'roller', key, attributes: { mail: ['roller@rolling.example'] } }
      statuses.push((await agent.follow(await throughProvider(agent, rolling))).status)
    }
    expect(statuses).toEqual([200, 200, 400])
    await rolling.close()
  })

  test('an OpenID client gets its code after it, with what the provider said of the sign-in', async () => {
    const [agent, client] = [system.agent(), await system.client({ first_party: true })]
    const query = new URLSearchParams({
      response_type: 'code',
      client_id: client.client_id,
      redirect_uri: client.redirectUri,
      scope: 'openid email',
      state: 'kept',
      nonce: 'n',
      code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
      code_challenge_method: 'S256',
    })
    const signIn = await agent.get(`/authorize?${query}`)
    const interaction = new URL(signIn.headers.get('location') ?? '', system.issuer).searchParams.get('interaction')
    provider.says = { nameId: 'carol-1', attributes: { mail: ['carol@acme.example'] } }
    const begin = `/saml/sp/login/${provider.alias}?${new URLSearchParams({ interaction: interaction ?? '' })}`
    const consumed = await throughProvider(agent, provider, begin)
    const callback = new URL((await agent.follow(consumed)).headers.get('location') ?? '')
    expect(callback.searchParams.get('state')).toBe('kept')
    const response = await fetch(`${system.issuer}/token`, {
      method: 'POST',
      headers: { authorization: `Basic ${btoa(`${client.client_id}:${client.secret}`)}` },
      body: new URLSearchParams({
        grant_type: 'authorization_code',
        code: callback.searchParams.get('code') ?? '',
        redirect_uri: client.redirectUri,
        code_verifier: 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk',
      }),
    })
    const tokens: { id_token: string } = JSON.parse(await response.text())
    expect(decodeJwt(tokens.id_token)).toMatchObject({ amr: ['pwd'], sub: (await accountOf('carol@acme.example')).sub })
  })

  test('prompt=login asks the provider to ask again, and an older sign-in is not taken for a new one', async () => {
    const [agent, client] = [system.agent(), await system.client({ first_party: true })]
    const query = new URLSearchParams({
      response_type: 'code',
      client_id: client.client_id,
      redirect_uri: client.redirectUri,
      scope: 'openid',
      prompt: 'login',
      code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
      code_challenge_method: 'S256',
    })
    const location = (await agent.get(`/authorize?${query}`)).headers.get('location') ?? ''
    const begin = `/saml/sp/login/${provider.alias}${new URL(location, system.issuer).search}`
    provider.says = { nameId: 'dora-1', authnInstant: new Date(Date.now() - 3_600_000) }
    expect((await throughProvider(agent, provider, begin)).status).toBe(403)
    expect(provider.requests.at(-1)?.forceAuthn).toBe(true)
    provider.says = { nameId: 'dora-1', attributes: { mail: ['dora@acme.example'] } }
    const callback = (await agent.follow(await throughProvider(agent, provider, begin))).headers.get('location') ?? ''
    expect(new URL(callback).searchParams.get('code')).toBeTruthy()
  })
})

describe('whose account it is', () => {
  const arrives = async (from: ForeignProvider, nameId: string, email: string) => {
    const agent = system.agent()
    from.says = { nameId, attributes: { mail: [email] } }
    const consumed = await throughProvider(agent, from)
    const done = await agent.follow(consumed)
    return { agent, status: done.status, text: await done.text() }
  }

  test('SML-20 a verified address of a domain that the operator gave to the provider leads to its owner', async () => {
    const owner = await system.user({ email: 'owner@acme.example' })
    const { agent, status } = await arrives(provider, 'owner-1', 'Owner@ACME.example')
    expect(status).toBe(200)
    expect(await signedInAs(agent)).toBe('owner@acme.example')
    expect((await accountOf('owner@acme.example')).sub).toBe(owner.sub)
  })

  test('SML-20 an address that nobody has proven here leads to nobody: whoever registered it would be waiting', async () => {
    const squatter = await system.user({ email: 'victim@acme.example' })
    await adminJson(system, 'PATCH', `/users/${squatter.sub}`, { emailVerified: false })
    const { status, text } = await arrives(provider, 'victim-1', 'victim@acme.example')
    expect(status).toBe(403)
    expect(text).toContain('There is an account already')
  })

  test('SML-20 a provider speaks for its own domains only, and a second one for none of the first’s people', async () => {
    const outsider = await system.user()
    expect((await arrives(provider, 'x-1', outsider.email)).status).toBe(403)
    await using other = Object.assign(
      await addProvider(system, { domains: ['evil.example'], linkBy: 'verified_email' }),
      {
        async [Symbol.asyncDispose]() {
          await other.close()
        },
      },
    )
    await arrives(provider, 'same-id', 'same@acme.example')
    expect((await arrives(other, 'same-id', 'same@acme.example')).status).toBe(403)
  })

  test('with linking off even the right domain leads to nobody’s account', async () => {
    const strict = await addProvider(system, { domains: ['strict.example'] })
    await system.user({ email: 'known@strict.example' })
    expect((await arrives(strict, 'k-1', 'known@strict.example')).status).toBe(403)
    await strict.close()
  })

  test('a person who was disabled stays out, linked or not', async () => {
    await arrives(provider, 'gone-1', 'gone@acme.example')
    await adminCall(system, 'POST', `/users/gone%40acme.example/disable`)
    const { agent, status } = await arrives(provider, 'gone-1', 'gone@acme.example')
    expect(status).toBe(403)
    expect((await agent.get('/account')).status).toBe(303)
    await system.user({ email: 'off@acme.example' })
    await adminCall(system, 'POST', `/users/off%40acme.example/disable`)
    expect((await arrives(provider, 'off-1', 'off@acme.example')).status).toBe(403)
  })

  test('where no accounts are made, nobody new comes in; where no address is said, neither', async () => {
    const closed = await addProvider(system, { createUsers: false })
    expect((await arrives(closed, 'n-1', 'new@closed.example')).text).toContain('No account for you here')
    await closed.close()
    const agent = system.agent()
    provider.says = { nameId: 'nomail-1', attributes: {} }
    expect(await (await agent.follow(await throughProvider(agent, provider))).text()).toContain('No e-mail address')
  })

  test('an identifier that changes each time is no identifier, unless an attribute is named for it', async () => {
    const transient = 'urn:oasis:names:tc:SAML:2.0:nameid-format:transient'
    const agent = system.agent()
    provider.says = { nameId: '_once', nameIdFormat: transient, attributes: { mail: ['eve@acme.example'] } }
    expect(await (await agent.follow(await throughProvider(agent, provider))).text()).toContain('Not recognised')
    const byAttribute = await addProvider(system, { attributeMap: { subject: 'employee' } })
    const says = { nameIdFormat: transient, attributes: { mail: ['emp@b.example'], employee: ['4711'] } }
    byAttribute.says = { ...says, nameId: '_first' }
    await agent.follow(await throughProvider(agent, byAttribute))
    const again = system.agent()
    byAttribute.says = { ...says, nameId: '_second', attributes: { employee: ['4711'] } }
    await again.follow(await throughProvider(again, byAttribute))
    expect(await signedInAs(again)).toBe('emp@b.example')
    await byAttribute.close()
  })

  test('ten browsers at once make one account', async () => {
    const agents = Array.from({ length: 10 }, () => system.agent())
    provider.says = { nameId: 'crowd-1', attributes: { mail: ['crowd@acme.example'] } }
    const consumed: [Agent, Response][] = []
    for (const agent of agents) consumed.push([agent, await throughProvider(agent, provider)])
    const done = await Promise.all(consumed.map(([agent, response]) => agent.follow(response)))
    expect(new Set(done.map(({ status }) => status))).toEqual(new Set([200]))
    expect(await accountOf('crowd@acme.example')).toMatchObject({ email: 'crowd@acme.example' })
  })
})

describe('from a provider on to an application', () => {
  test('an address that only the provider says is told to no application: it would open somebody else’s account there', async () => {
    const loose = await addProvider(system)
    const asks = { identifierFormat: 'urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress' }
    const [plain, byAddress] = [await addPartner(system), await addPartner(system, { saml: asks })]
    const agent = system.agent()
    loose.says = { nameId: 'mallory', attributes: { mail: ['ceo@corp.example'], displayName: ['Mallory'] } }
    await agent.follow(await throughProvider(agent, loose))
    expect(await accountOf('ceo@corp.example')).toMatchObject({ emailVerified: false })
    const told = await profileOf(plain, await signOn(agent, await requestAddress(plain)))
    expect(told).toMatchObject({ name: 'Mallory' })
    expect(told).not.toHaveProperty('email')
    expect(statusOf(await signOn(agent, await requestAddress(byAddress)))).toEqual(['Requester', 'InvalidNameIDPolicy'])
    // Where the operator gave the domain to the provider, the application hears of it.
    await adminJson(system, 'PATCH', `/users/${(await accountOf('ceo@corp.example')).sub}`, { emailVerified: true })
    expect(await profileOf(plain, await signOn(agent, await requestAddress(plain)))).toMatchObject({
      email: 'ceo@corp.example',
    })
    for (const each of [loose, plain, byAddress]) await each.close()
  })
})
