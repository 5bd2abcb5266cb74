import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { authorizationRequest, responseTarget } from './authorization-request.ts'
import type { Client } from './client.ts'
import { OAuthError } from './error.ts'
import { Parameters } from './parameters.ts'

const client: Client = {
  v: 1,
  client_id: 'client',
  client_id_issued_at: 0,
  secrets: [],
  disabled: false,
  revision: 0,
  application_type: 'web',
  redirect_uris: ['https://app.example/cb'],
  post_logout_redirect_uris: [],
  grant_types: ['authorization_code', 'refresh_token'],
  response_types: ['code'],
  token_endpoint_auth_method: 'client_secret_basic',
  id_token_signed_response_alg: 'RS256',
  scope: 'openid email offline_access',
}

const request = { redirect_uri: 'https://app.example/cb', response_type: 'code', scope: 'openid', state: 's' }

function target(parameters: Record<string, string>, of: Client = client) {
  return responseTarget(new Parameters(Object.entries(parameters)), of)
}

function read(parameters: Record<string, string>, of: Client = client) {
  const params = new Parameters(Object.entries({ ...request, ...parameters }))
  const where = responseTarget(params, of)
  if (typeof where === 'string') throw new Error(where)
  return authorizationRequest(params, where, of, 'https://id.example')
}

describe('where a response goes', () => {
  test('the registered redirect URI, by query unless asked otherwise', () => {
    expect(target(request)).toEqual({ redirectUri: request.redirect_uri, mode: 'query', state: 's' })
    for (const mode of ['query', 'fragment', 'form_post'])
      expect(target({ ...request, response_mode: mode })).toMatchObject({ mode })
  })

  test('is the fragment where tokens are asked for in front, never the query', () => {
    for (const type of ['token', 'id_token', 'code token', 'id_token token code']) {
      expect(target({ ...request, response_type: type })).toMatchObject({ mode: 'fragment' })
      expect(target({ ...request, response_type: type, response_mode: 'query' })).toMatchObject({ mode: 'fragment' })
      expect(target({ ...request, response_type: type, response_mode: 'form_post' })).toMatchObject({
        mode: 'form_post',
      })
    }
  })

  test('is nowhere for any other redirect URI', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ minLength: 1 }), fc.webUrl()), (uri) => {
        fc.pre(uri !== request.redirect_uri)
        expect(target({ ...request, redirect_uri: uri })).toBe('bad_redirect_uri')
      }),
    )
  })

  test('may be left out by a client that has one, in plain OAuth (RFC 6749 §3.1.2.3)', () => {
    const { redirect_uri: _, ...without } = request
    expect(target({ ...without, scope: 'email' })).toMatchObject({ redirectUri: request.redirect_uri })
    expect(target(without)).toBe('bad_redirect_uri')
    const two = { ...client, redirect_uris: [...client.redirect_uris, 'https://app.example/2'] }
    expect(target({ ...without, scope: 'email' }, two)).toBe('bad_redirect_uri')
  })
})

describe('an authorization request', () => {
  test('knows the prompts of the metadata and no others (Initiating User Registration §4.1)', () => {
    expect(read({ prompt: 'login consent' }).prompts).toEqual(['login', 'consent'])
    for (const prompt of ['create', 'none login', 'login none', 'Login'])
      expect(() => read({ prompt })).toThrow(expect.objectContaining({ code: 'invalid_request' }))
  })

  test('has a max_age of whole seconds, or the default of the client', () => {
    expect(read({ max_age: '0' }).maxAge).toBe(0)
    expect(read({}, { ...client, default_max_age: 60 }).maxAge).toBe(60)
    expect(read({ max_age: '5' }, { ...client, default_max_age: 60 }).maxAge).toBe(5)
    for (const max_age of ['-1', '1.5', '1e3', 'x', '0x10', '99999999999'])
      expect(() => read({ max_age })).toThrow('max_age')
  })

  test('gets the scopes that the client may have, and offline access only with its grant type', () => {
    expect(read({ scope: 'email unknown openid openid' }).scope).toEqual(['email', 'openid'])
    expect(read({ scope: 'openid offline_access' }).scope).toEqual(['openid', 'offline_access'])
    const without = { ...client, grant_types: ['authorization_code'] }
    expect(read({ scope: 'openid offline_access' }, without).scope).toEqual(['openid'])
  })

  test('is read or refused with an OAuth error, whatever it says', () => {
    const names = fc.constantFrom(
      'scope',
      'prompt',
      'max_age',
      'response_mode',
      'response_type',
      'resource',
      'acr_values',
    )
    fc.assert(
      fc.property(fc.dictionary(names, fc.string(), { maxKeys: 4 }), (parameters) => {
        try {
          read(parameters)
        } catch (error) {
          expect(error).toBeInstanceOf(OAuthError)
          expect(error instanceof OAuthError && error.message).toMatch(/^[\x20-\x21\x23-\x5b\x5d-\x7e]+$/)
        }
      }),
    )
  })
})
