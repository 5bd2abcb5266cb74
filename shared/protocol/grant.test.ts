import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isOffline, parseGrant, requestedResources, tokenAudience } from './grant.ts'

const issuer = 'https://id.example.com'
const api = 'https://api.example.com'
const grant = { v: 1, client_id: 'c', sub: 's', scope: 'openid offline_access', resources: [], created_at: 1 } as const

describe('stored grants', () => {
  test('are read back, also with members that a later release added', () => {
    expect(parseGrant(JSON.stringify(grant))).toEqual(grant)
    expect(parseGrant(JSON.stringify({ ...grant, later: true }))).toMatchObject(grant)
    expect(isOffline(grant)).toBe(true)
    expect(isOffline({ ...grant, scope: 'openid' })).toBe(false)
  })

  test('fault F39 bytes that no release wrote are no grant', () => {
    for (const text of [undefined, null, '', '{', 'null', '[]', '"x"', '{"client_id":"c"}', '{"client_id":1}'])
      expect(parseGrant(text)).toBeUndefined()
    expect(parseGrant(JSON.stringify({ ...grant, resources: 'x' }))).toBeUndefined()
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
        expect(parseGrant(text)).toBeUndefined()
      }),
    )
  })
})

describe('resource indicators (RFC 8707)', () => {
  const client = { resource_indicators: [api] }

  test('a client may ask for what it is registered for, and for the issuer', () => {
    expect(requestedResources([api, issuer, api], client, issuer)).toEqual([api, issuer])
    expect(requestedResources([], client, issuer)).toEqual([])
  })

  test.each(['rel/x', `${api}#part`, 'https://other.example.com', '', `${api}/`])('TOK-14 refuses %j', (resource) => {
    expect(() => requestedResources([resource], client, issuer)).toThrow(
      expect.objectContaining({ code: 'invalid_target' }),
    )
  })

  test('TOK-14 a token is for what is asked of the grant, or else all of it', () => {
    expect(tokenAudience([], [], issuer)).toEqual([issuer])
    expect(tokenAudience([], [api, issuer], issuer)).toEqual([api, issuer])
    expect(tokenAudience([api], [api, issuer], issuer)).toEqual([api])
    expect(() => tokenAudience([api], [], issuer)).toThrow('the resource was not granted')
  })
})
