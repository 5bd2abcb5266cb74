import { describe, expect, test } from 'vitest'
import { type PartnerHealth, partnerProblems, samlFindings } from './health.ts'

const now = Date.parse('2026-11-25T00:00:00Z')
const acme: PartnerHealth = {
  role: 'idp',
  alias: 'acme',
  name: 'Acme',
  entityId: 'https://acme.example',
  enabled: true,
  certificatesExpireAt: '2030-01-01T00:00:00Z',
  validUntil: null,
  refreshProblem: null,
}
const key = (state: string, certificateExpiresAt: string) => ({
  kid: state,
  alg: 'RS256',
  use: 'saml',
  state,
  createdAt: null,
  signsFrom: null,
  leavesAt: null,
  certificateExpiresAt,
})

describe('what doctor says of SAML', () => {
  test('nothing where it is not used', () => {
    expect(samlFindings([], [], now)).toEqual([])
  })

  test('all is well far from the end', () => {
    const findings = samlFindings([key('current', '2031-01-01T00:00:00Z')], [acme], now)
    expect(findings.map(({ name, ok }) => [name, ok])).toEqual([
      ['SAML certificate', true],
      ['SAML partners', true],
    ])
  })

  test('our certificate that runs out is ill, until another is published beside it', () => {
    const soon = key('current', '2026-12-25T00:00:00Z')
    expect(samlFindings([soon], [], now)[0]).toMatchObject({ ok: false, fix: 'authrim keys rotate --use saml' })
    const both = samlFindings([soon, key('next', '2031-01-01T00:00:00Z')], [], now)
    expect(both.map(({ ok }) => ok)).toEqual([true, true])
    expect(both[1]?.detail).toContain('two certificates')
  })

  test('a partner’s certificate, metadata and refresh are named; one that is disabled is not', () => {
    const problems = partnerProblems(
      {
        ...acme,
        certificatesExpireAt: '2026-12-01T00:00:00Z',
        validUntil: '2026-11-26T00:00:00Z',
        refreshProblem: 'the metadata address answered 404',
      },
      now,
    )
    expect(problems).toEqual([
      'acme: a certificate runs out 2026-12-01 00:00Z',
      'acme: its metadata is valid until 2026-11-26 00:00Z',
      'acme: the metadata address answered 404',
    ])
    const expired = { ...acme, certificatesExpireAt: '2020-01-01T00:00:00Z' }
    expect(samlFindings([], [expired], now)[0]).toMatchObject({ name: 'SAML partners', ok: false })
    expect(samlFindings([], [{ ...expired, enabled: false }], now)).toEqual([])
  })
})
