import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { testKeys } from '../../workers/op-saml/testing/keys.ts'
import { adminJson } from '../management/support.ts'
import { sharedSystem, type System } from '../support/system.ts'
import { type MetadataSite, identityProviderMetadata, metadataSite, serviceProviderMetadata } from './metadata.ts'

interface Answer {
  readonly partner: Readonly<Record<string, unknown>>
}

const day = 86_400

describe('metadata is fetched again by itself', () => {
  let system: System
  let site: MetadataSite
  const entityId = 'https://daily.example/saml'
  const both = [testKeys.partner.certificate, testKeys.partner2.certificate]
  beforeAll(async () => {
    system = await sharedSystem()
    site = await metadataSite(identityProviderMetadata({ entityId }))
    await adminJson(system, 'POST', '/saml/idp', { metadataUrl: site.url, alias: 'daily' })
  })
  afterAll(async () => {
    await site[Symbol.asyncDispose]()
    await system[Symbol.asyncDispose]()
  })

  const shown = async () => (await adminJson<Answer>(system, 'GET', '/saml/idp/daily')).partner
  /** As if the time for it had come. */
  const due = async () => {
    const { db } = system
    const past = Math.floor(Date.now() / 1000) - 1
    await db.prepare("UPDATE saml_partners SET refresh_at = ? WHERE alias = 'daily'").bind(past).run()
  }
  const recorded = async () => {
    const { events } = await adminJson<{ events: { actor: string; action: string; outcome: string }[] }>(
      system,
      'GET',
      '/audit?actor=authrim&limit=100',
    )
    return events.map(({ action, outcome }) => `${action} ${outcome}`)
  }

  test('not before a day has passed', async () => {
    const { fetched } = site
    await system.local.runScheduled('op-saml')
    expect(site.fetched).toBe(fetched)
    const { metadataFetchedAt, refreshAt } = await shown()
    expect(Date.parse(String(refreshAt)) - Date.parse(String(metadataFetchedAt))).toBe(day * 1000)
  })

  test('what is the same is not news', async () => {
    await due()
    await system.local.runScheduled('op-saml')
    expect(await recorded()).toEqual([])
    expect(Date.parse(String((await shown())['refreshAt']))).toBeGreaterThan(Date.now() + 86_000_000)
  })

  test('a second certificate is taken in beside the first, and recorded', async () => {
    site.answer = identityProviderMetadata({ entityId, certificates: both })
    await due()
    await system.local.runScheduled('op-saml')
    expect(await shown()).toMatchObject({ signingCertificates: both, alias: 'daily' })
    expect(await recorded()).toEqual(['saml.idp.refresh done'])
  })

  test('one that fails leaves the partner as it was, says why, and comes again within the hour, recorded once', async () => {
    site.status = 500
    for (let times = 0; times < 2; times++) {
      await due()
      await system.local.runScheduled('op-saml')
    }
    const partner = await shown()
    expect(partner).toMatchObject({ signingCertificates: both, refreshProblem: 'the metadata address answered 500' })
    expect(Date.parse(String(partner['refreshAt']))).toBeLessThan(Date.now() + 3_700_000)
    expect(await recorded()).toEqual(['saml.idp.refresh invalid_request', 'saml.idp.refresh done'])
    site.status = 200
    await due()
    await system.local.runScheduled('op-saml')
    expect(await shown()).not.toHaveProperty('refreshProblem')
  })

  test('attack S1 SML-24 another entity, another role or a page in its place changes nothing', async () => {
    const answers = [
      identityProviderMetadata({
        entityId: 'https://evil.example/saml',
        certificates: [testKeys.stranger.certificate],
      }),
      serviceProviderMetadata({ entityId }),
      identityProviderMetadata({ entityId, attributes: 'validUntil="2020-01-01T00:00:00Z"' }),
      '<html>Sign in</html>',
      ' '.repeat(2_000_000),
    ]
    for (const answer of answers) {
      site.answer = answer
      await due()
      await system.local.runScheduled('op-saml')
      expect(await shown()).toMatchObject({ entityId, signingCertificates: both, refreshProblem: expect.any(String) })
    }
  })

  test('a partner that is removed meanwhile, or changed by an operator, is not brought back', async () => {
    site.answer = identityProviderMetadata({ entityId, certificates: both })
    await due()
    const run = system.local.runScheduled('op-saml')
    await adminJson(system, 'PATCH', '/saml/idp/daily', { enabled: false })
    await run
    expect(await shown()).toMatchObject({ enabled: false })
  })
})
