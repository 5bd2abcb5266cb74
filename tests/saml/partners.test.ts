import { createHash } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { testKeys } from '../../workers/op-saml/testing/keys.ts'
import { adminCall, adminJson, json, operatorToken, refusal } from '../management/support.ts'
import { type System, startSystem } from '../support/system.ts'
import {
  type MetadataSite,
  aggregateOf,
  identityProviderMetadata,
  metadataSite,
  serviceProviderMetadata,
} from './metadata.ts'

interface Shown {
  readonly [member: string]: unknown
  readonly entityId: string
  readonly alias: string
  readonly certificatesExpireAt: string
}

interface Answer {
  readonly partner: Shown
}

describe('partners by the admin API', () => {
  let system: System
  let count = 0
  beforeAll(async () => {
    system = await startSystem()
  })
  afterAll(() => system[Symbol.asyncDispose]())

  const freshId = () => `https://partner-${++count}.example/saml`
  const add = (role: 'sp' | 'idp', body: object) => adminJson<Answer>(system, 'POST', `/saml/${role}`, body)
  const refused = async (role: 'sp' | 'idp', body: object) => {
    const response = await adminCall(system, 'POST', `/saml/${role}`, { body })
    return json<{ error: string; error_description: string }>(response)
  }
  const auditOf = async (target: string) => {
    const { events } = await adminJson<{ events: { action: string; target: string; outcome: string }[] }>(
      system,
      'GET',
      '/audit?limit=100',
    )
    return events.filter((event) => event.target === target).map(({ action, outcome }) => `${action} ${outcome}`)
  }

  test('a service provider is added by its metadata, shown, listed, changed and removed, and each is recorded', async () => {
    const entityId = freshId()
    const { partner } = await add('sp', { metadata: serviceProviderMetadata({ entityId, name: 'Wiki &amp; Söhne' }) })
    expect(partner).toMatchObject({
      entityId,
      role: 'sp',
      alias: 'wiki-sohne',
      name: 'Wiki & Söhne',
      enabled: true,
      idpInitiated: false,
      signAssertion: true,
      authnRequestsSigned: true,
      nameIdFormat: 'urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress',
      acs: [{ url: 'https://sp.partner.example/acs', index: 0, isDefault: true }],
      slo: [{ url: 'https://sp.partner.example/slo', responseUrl: 'https://sp.partner.example/slo/done' }],
      certificatesExpireAt: '2126-11-01T02:42:42.000Z',
    })
    const id = encodeURIComponent(entityId)
    expect(await adminJson(system, 'GET', `/saml/sp/${id}`)).toEqual({ partner })
    expect(await adminJson(system, 'GET', '/saml/sp/wiki-sohne')).toEqual({ partner })
    expect(await adminJson(system, 'GET', '/saml/sp?search=wiki%20%26')).toEqual({
      partners: [partner],
      nextCursor: null,
    })
    const changed = await adminJson<Answer>(system, 'PATCH', `/saml/sp/${id}`, { enabled: false, name: 'Wiki' })
    expect(changed.partner).toMatchObject({ enabled: false, name: 'Wiki', alias: 'wiki-sohne' })
    expect((await adminCall(system, 'DELETE', `/saml/sp/${id}`)).status).toBe(204)
    expect(await refusal(await adminCall(system, 'GET', `/saml/sp/${id}`))).toEqual({ status: 404, error: 'not_found' })
    expect(await auditOf(entityId)).toEqual(
      expect.arrayContaining(['saml.sp.add done', 'saml.sp.show done', 'saml.sp.update done', 'saml.sp.remove done']),
    )
  })

  test('an identity provider says where people begin and what it has to know of us', async () => {
    const { partner } = await add('idp', {
      metadata: identityProviderMetadata({ entityId: freshId() }),
      alias: 'acme',
      domains: ['acme.example'],
      attributeMap: { email: 'mail' },
      linkBy: 'verified_email',
    })
    expect(partner).toMatchObject({
      alias: 'acme',
      loginUrl: `${system.issuer}/saml/sp/login/acme`,
      spMetadataUrl: `${system.issuer}/saml/sp/metadata`,
      spAcsUrl: `${system.issuer}/saml/sp/acs`,
      domains: ['acme.example'],
      button: true,
      createUsers: true,
      linkBy: 'verified_email',
      sso: [{ url: 'https://idp.partner.example/sso' }],
    })
    const own = await adminJson<Answer>(system, 'PATCH', '/saml/idp/acme', { separateEntity: true })
    expect(own.partner).toMatchObject({ spMetadataUrl: `${system.issuer}/saml/sp/metadata/acme` })
  })

  test('XML alone is taken as well', async () => {
    const entityId = freshId()
    const metadata = serviceProviderMetadata({ entityId })
    const path = '/saml/sp?alias=by-xml'
    const body = createHash('sha256').update(metadata).digest('base64url')
    const token = await operatorToken(system, 'POST', path, { claims: { body } })
    const response = await fetch(`${system.issuer}/admin/v1${path}`, {
      method: 'POST',
      body: metadata,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/samlmetadata+xml' },
    })
    expect(response.status).toBe(201)
    expect(await json<Answer>(response)).toMatchObject({ partner: { entityId, alias: 'by-xml' } })
  })

  test('SML-24 what is expired, twice there, of the other role, too weak, no XML or too large is refused', async () => {
    const entityId = freshId()
    const expired = identityProviderMetadata({ entityId, attributes: 'validUntil="2020-01-01T00:00:00Z"' })
    const cases: [string, RegExp][] = [
      [expired, /expired/],
      [serviceProviderMetadata({ entityId }), /describes no identity provider/],
      [identityProviderMetadata({ entityId, certificates: [testKeys.weak.certificate] }), /no key/],
      [identityProviderMetadata({ entityId, certificates: [] }), /no key/],
      [identityProviderMetadata({ entityId, origin: 'javascript:alert(1)//' }), /https address/],
      [`<!DOCTYPE a [<!ENTITY b "c">]>${identityProviderMetadata({ entityId })}`, /./],
      ['<html><body>Not here</body></html>', /metadata is expected/],
    ]
    for (const [metadata, reason] of cases) {
      const answer = await refused('idp', { metadata })
      expect(answer).toMatchObject({ error: 'invalid_request', error_description: expect.stringMatching(reason) })
    }
    const huge = await adminCall(system, 'POST', '/saml/idp', { body: { metadata: ' '.repeat(3_000_000) } })
    expect(await refusal(huge)).toEqual({ status: 413, error: 'payload_too_large' })
    await add('idp', { metadata: identityProviderMetadata({ entityId }) })
    expect(await refused('idp', { metadata: identityProviderMetadata({ entityId }) })).toMatchObject({
      error: 'already_exists',
    })
    expect(await auditOf(entityId)).toContain('saml.idp.add already_exists')
  })

  test('of an aggregate one entity is taken, and where none is named the error names them', async () => {
    const [one, two] = [freshId(), freshId()]
    const metadata = aggregateOf(
      identityProviderMetadata({ entityId: one }),
      identityProviderMetadata({ entityId: two }),
      serviceProviderMetadata({ entityId: freshId() }),
    )
    const answer = await refused('idp', { metadata })
    expect(answer.error_description).toContain(one)
    expect(answer.error_description).toContain(two)
    const { partner } = await add('idp', { metadata, entityId: two })
    expect(partner.entityId).toBe(two)
    expect(await refused('idp', { metadata, entityId: freshId() })).toMatchObject({ error: 'invalid_request' })
    // The only service provider in it needs no name.
    expect((await add('sp', { metadata })).partner.role).toBe('sp')
  })

  test('unknown members, impossible choices and a domain of another are refused', async () => {
    const metadata = identityProviderMetadata({ entityId: freshId() })
    const impossible = [
      { alias: '../x' },
      { alias: 'UPPER' },
      { colour: 'red' },
      { linkBy: 'email' },
      { domains: ['no domain'] },
      { metadataUrl: 'https://a.example/' },
    ]
    for (const choice of impossible)
      expect(await refused('idp', { metadata, ...choice })).toMatchObject({ error: 'invalid_request' })
    await add('idp', { metadata, domains: ['taken.example'] })
    const other = identityProviderMetadata({ entityId: freshId() })
    expect(await refused('idp', { metadata: other, domains: ['taken.example'] })).toMatchObject({
      error: 'already_exists',
    })
    expect(await refused('idp', {})).toMatchObject({ error: 'invalid_request' })
  })

  test('attack N1 nobody without an operator’s signature gets in', async () => {
    for (const path of ['/saml/sp', '/saml/metadata', '/saml/backup/partners'])
      expect((await fetch(`${system.issuer}/admin/v1${path}`)).status).toBe(401)
    const swapped = await adminCall(system, 'POST', '/saml/sp', { body: { metadata: 'a' }, sent: { metadata: 'b' } })
    expect(swapped.status).toBe(401)
  })

  test('the operations are described, to operators', async () => {
    const document = await adminJson<{ openapi: string; paths: object }>(system, 'GET', '/saml/openapi.json')
    expect(document.openapi).toBe('3.1.0')
    expect(Object.keys(document.paths)).toContain('/saml/idp/{partner}/refresh')
    expect((await fetch(`${system.issuer}/admin/v1/saml/openapi.json`)).status).toBe(401)
  })

  test('our own entities and certificates are told', async () => {
    const own = await adminJson<{ certificates: { certificate: string; signs: boolean }[] }>(
      system,
      'GET',
      '/saml/metadata',
    )
    expect(own).toMatchObject({
      idp: { entityId: `${system.issuer}/saml/idp/metadata` },
      sp: { acsUrl: `${system.issuer}/saml/sp/acs` },
      certificates: [{ signs: true, expiresAt: expect.stringMatching(/^203/) }],
    })
    await adminJson(system, 'POST', '/keys/rotate', { use: 'saml' })
    const { keys } = await adminJson<{ keys: { use: string; state: string; certificateExpiresAt?: string }[] }>(
      system,
      'GET',
      '/keys',
    )
    const saml = keys.filter(({ use }) => use === 'saml')
    expect(new Set(saml.map(({ state }) => state))).toEqual(new Set(['current', 'next']))
    for (const key of saml) expect(key.certificateExpiresAt).toMatch(/^203\d-/)
  })

  test('a backup of partners and links comes back, here or in an empty place', async () => {
    const { partner } = await add('idp', { metadata: identityProviderMetadata({ entityId: freshId() }), alias: 'kept' })
    const read = async (table: string) =>
      (await adminJson<{ rows: object[] }>(system, 'GET', `/saml/backup/${table}?limit=100`)).rows
    const user = await system.user()
    const { db } = system
    await db
      .prepare('INSERT INTO saml_links VALUES (?, ?, ?, ?, ?)')
      .bind(partner.entityId, 'persistent', 'ada', user.sub, 1)
      .run()
    const [partners, links] = [await read('partners'), await read('links')]
    expect(links).toMatchObject([{ entity_id: partner.entityId, sub: user.sub }])
    await adminJson(system, 'PATCH', '/saml/idp/kept', { name: 'Changed since' })
    await adminCall(system, 'DELETE', '/saml/idp/kept')
    expect(await read('links')).toEqual([])
    const put = (table: string, rows: object[]) =>
      adminJson<{ restored: number }>(system, 'PUT', `/saml/backup/${table}`, { rows })
    expect((await put('partners', partners)).restored).toBe(partners.length)
    expect((await put('links', [...links, { ...links[0], sub: 'nobody' }])).restored).toBe(1)
    expect(await adminJson(system, 'GET', '/saml/idp/kept')).toEqual({ partner })
    expect(await read('links')).toMatchObject([{ entity_id: partner.entityId, sub: user.sub }])
    expect((await adminCall(system, 'GET', '/saml/backup/users')).status).toBe(404)
  })

  describe('metadata from an address', () => {
    let site: MetadataSite
    const entityId = 'https://rolling.example/saml'
    beforeAll(async () => {
      site = await metadataSite(identityProviderMetadata({ entityId }))
    })
    afterAll(() => site[Symbol.asyncDispose]())

    test('is fetched when it is added and when it is refreshed; a second certificate counts beside the first', async () => {
      const { partner } = await add('idp', { metadataUrl: site.url, alias: 'rolling', name: 'Rolling' })
      expect(partner).toMatchObject({ entityId, metadataUrl: site.url, metadataFetchedAt: expect.any(String) })
      const both = [testKeys.partner.certificate, testKeys.partner2.certificate]
      site.answer = identityProviderMetadata({ entityId, certificates: both, name: 'Another Name' })
      const refreshed = await adminJson<Answer>(system, 'POST', '/saml/idp/rolling/refresh', {})
      expect(refreshed.partner).toMatchObject({ signingCertificates: both, name: 'Rolling', alias: 'rolling' })
    })

    test('that turns into another entity, an error or a redirect changes nothing', async () => {
      const before = await adminJson<Answer>(system, 'GET', '/saml/idp/rolling')
      const refresh = async () => refusal(await adminCall(system, 'POST', '/saml/idp/rolling/refresh', { body: {} }))
      const wrong = { status: 400, error: 'invalid_request' }
      site.answer = identityProviderMetadata({ entityId: 'https://evil.example/saml' })
      expect(await refresh()).toEqual(wrong)
      for (const status of [404, 302]) {
        site.status = status
        expect(await refresh()).toEqual(wrong)
      }
      site.status = 200
      expect(await adminJson(system, 'GET', '/saml/idp/rolling')).toEqual(before)
    })

    test('XCT-03 attack S1 is not fetched from where only we could reach it', async () => {
      for (const metadataUrl of ['https://10.0.0.1/metadata', 'https://router/metadata', 'file:///etc/passwd'])
        expect(await refused('idp', { metadataUrl })).toMatchObject({ error: 'invalid_request' })
    })

    test('SML-24 has to be signed where a signer was named', async () => {
      site.answer = identityProviderMetadata({ entityId: 'https://signed.example/saml' })
      const answer = await refused('idp', { metadataUrl: site.url, metadataSigners: [testKeys.partner2.certificate] })
      expect(answer).toMatchObject({ error: 'invalid_request', error_description: expect.stringMatching(/sign/) })
    })
  })
})
