import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  ConfigError,
  environmentOf,
  isLocal,
  parseProject,
  parseProjectText,
  scriptName,
  workerVariables,
} from './config.ts'
import { workerNames, workerTopology } from './topology.ts'

const account = '0123456789abcdef0123456789abcdef'

function project(environment: Record<string, unknown> = {}, name = 'production') {
  return {
    name: 'my-idp',
    defaultEnvironment: name,
    environments: { [name]: { issuer: 'https://id.example.com', ...environment } },
  }
}

function refusal(input: unknown): { path: string; value: unknown; expected: string; message: string } {
  try {
    parseProject(input)
  } catch (error) {
    if (error instanceof ConfigError) return error
    throw error
  }
  throw new Error('accepted')
}

test('fills in the defaults', () => {
  const environment = environmentOf(parseProject(project()))
  expect(environment).toEqual({
    name: 'production',
    issuer: 'https://id.example.com',
    codeTtl: 60,
    accessTokenTtl: 600,
    idTokenTtl: 3600,
    refreshTokenTtl: 2_592_000,
    sessionTtl: 43_200,
    parTtl: 60,
    registration: 'closed',
    features: {},
    approvals: { supportDecisions: false },
    branding: { name: 'my-idp', accent: '#1d4ed8' },
    rateLimits: {},
    vars: {},
  })
})

test('takes everything an operator may choose', () => {
  const choices = {
    accountId: account,
    zone: 'example.com',
    location: 'weur',
    codeTtl: 600,
    registration: 'open',
    branding: { name: 'Example', accent: '#0b7285', logo: 'data:image/svg+xml;base64,PHN2Zy8+' },
    rateLimits: { PASSWORD_RATE: { limit: 5, period: 10 } },
    vars: { 'op-auth': { SUPPORT_ADDRESS: 'help@example.com' } },
  }
  expect(environmentOf(parseProject(project(choices)))).toMatchObject(choices)
})

describe('refuses, with the path, the value and the accepted form', () => {
  const at = 'environments.production'
  test.each<[string, Record<string, unknown>, string, unknown, RegExp]>([
    [
      'an http issuer that is not loopback',
      { issuer: 'http://id.example.com' },
      `${at}.issuer`,
      'http://id.example.com',
      /https/,
    ],
    ['an issuer with a query', { issuer: 'https://id.example.com?a=1' }, `${at}.issuer`, expect.anything(), /query/],
    [
      'an issuer with a fragment',
      { issuer: 'https://id.example.com#a' },
      `${at}.issuer`,
      expect.anything(),
      /fragment/,
    ],
    [
      'an issuer with a trailing slash',
      { issuer: 'https://id.example.com/' },
      `${at}.issuer`,
      expect.anything(),
      /slash/,
    ],
    ['an issuer with a path', { issuer: 'https://id.example.com/idp' }, `${at}.issuer`, expect.anything(), /path/],
    ['an issuer with a user', { issuer: 'https://a@id.example.com' }, `${at}.issuer`, expect.anything(), /https/],
    ['an issuer in capitals', { issuer: 'https://ID.example.com' }, `${at}.issuer`, expect.anything(), /https/],
    ['an issuer on an address', { issuer: 'https://192.0.2.1' }, `${at}.issuer`, expect.anything(), /host name/],
    ['an issuer on a port', { issuer: 'https://id.example.com:8443' }, `${at}.issuer`, expect.anything(), /host name/],
    ['a missing issuer', { issuer: undefined }, `${at}.issuer`, undefined, /https/],
    ['a code lifetime over ten minutes', { codeTtl: 601 }, `${at}.codeTtl`, 601, /600/],
    ['a lifetime as text', { sessionTtl: '12h' }, `${at}.sessionTtl`, '12h', /seconds/],
    ['a broken number', { parTtl: 1.5 }, `${at}.parTtl`, 1.5, /whole number/],
    ['an unknown member', { codeTTL: 60 }, `${at}.codeTTL`, 60, /no such member.*codeTtl/],
    ['an unknown member deeper down', { branding: { colour: 'red' } }, `${at}.branding.colour`, 'red', /accent/],
    ['an unknown feature', { features: { saml: true } }, `${at}.features.saml`, true, /no such member/],
    ['a list for an object', { branding: [] }, `${at}.branding`, [], /object/],
    [
      'an unknown registration',
      { registration: 'anyone' },
      `${at}.registration`,
      'anyone',
      /"closed", "token", "open"/,
    ],
    [
      'an accent that text cannot stand on',
      { branding: { accent: '#7a7a7a' } },
      `${at}.branding.accent`,
      '#7a7a7a',
      /4.5:1; the nearest is #[0-9a-f]{6}/,
    ],
    [
      'a logo from elsewhere',
      { branding: { logo: 'https://cdn.example/l.png' } },
      `${at}.branding.logo`,
      expect.anything(),
      /data:/,
    ],
    ['a zone that the issuer is not in', { zone: 'example.org' }, `${at}.zone`, 'example.org', /id.example.com/],
    ['a zone that only ends alike', { zone: 'ample.com' }, `${at}.zone`, 'ample.com', /id.example.com/],
    [
      'an account with a local issuer',
      { issuer: 'http://localhost:8787', accountId: account },
      `${at}.accountId`,
      account,
      /this machine/,
    ],
    ['an unknown rate limit', { rateLimits: { X: { limit: 1 } } }, `${at}.rateLimits.X`, { limit: 1 }, /PASSWORD_RATE/],
    [
      'a rate limit without a limit',
      { rateLimits: { REQUEST_RATE: {} } },
      `${at}.rateLimits.REQUEST_RATE.limit`,
      undefined,
      /calls/,
    ],
    [
      'a period that Cloudflare lacks',
      { rateLimits: { REQUEST_RATE: { limit: 1, period: 30 } } },
      `${at}.rateLimits.REQUEST_RATE.period`,
      30,
      /10 or 60/,
    ],
    ['variables of an unknown Worker', { vars: { 'op-x': {} } }, `${at}.vars.op-x`, {}, /op-discovery/],
    [
      'a variable that authrim sets',
      { vars: { 'op-auth': { ISSUER_URL: 'x' } } },
      `${at}.vars.op-auth`,
      'ISSUER_URL',
      /does not set/,
    ],
    ['a binding as a variable', { vars: { 'op-auth': { DB: 'x' } } }, `${at}.vars.op-auth`, 'DB', /does not set/],
  ])('%s', (_, environment, path, value, expected) => {
    const error = refusal(project(environment))
    expect(error).toMatchObject({ path, value })
    expect(error.expected).toMatch(expected)
    expect(error.message).toContain(path)
  })

  test.each(['', '../x', 'A', 'a b', 'a/b', '-a', 'a--b', 'a-', 'a'.repeat(32), 'é', 'a\n'])(
    'the environment name %j',
    (name) => {
      expect(refusal(project({}, name)).expected).toMatch(/lower-case|environment/)
    },
  )

  test('an environment called local that would be on Cloudflare', () => {
    expect(refusal(project({}, 'local'))).toMatchObject({ path: 'environments.local.issuer' })
  })

  test('a default environment that is not there', () => {
    const input = { ...project(), defaultEnvironment: 'staging' }
    expect(refusal(input)).toMatchObject({ path: 'defaultEnvironment', value: 'staging' })
  })

  test('a member that JavaScript would hide', () => {
    expect(() => parseProjectText('{"name":"a","defaultEnvironment":"a","environments":{"__proto__":{}}}')).toThrow(
      /__proto__/,
    )
    expect(() => parseProjectText('{"toString":1,"name":"a","defaultEnvironment":"a","environments":{}}')).toThrow(
      /no such member/,
    )
  })

  test('what is not JSON', () => {
    expect(() => parseProjectText('{"name":')).toThrow(ConfigError)
    expect(() => parseProjectText(`${'['.repeat(50_000)}${']'.repeat(50_000)}`)).toThrow(ConfigError)
  })

  test('and shows no terminal escapes of the value', () => {
    const { message } = refusal(project({ registration: '\u001b[31m\u009b31m\u202e' }))
    for (const control of ['\u001b', '\u009b', '\u202e']) expect(message).not.toContain(control)
  })
})

test('any JSON is parsed or refused with a ConfigError', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      expect(() => parseProject(value)).toThrow(ConfigError)
    }),
  )
})

test('any value of any member is parsed or refused with the path of that member', () => {
  const member = fc.constantFrom(
    'issuer',
    'accountId',
    'zone',
    'location',
    'codeTtl',
    'registration',
    'branding',
    'rateLimits',
    'vars',
    'x',
  )
  fc.assert(
    fc.property(member, fc.jsonValue(), (name, value) => {
      try {
        parseProject(project({ [name]: value }))
      } catch (error) {
        if (!(error instanceof ConfigError)) throw error
        expect(error.path.startsWith(`environments.production.${name}`)).toBe(true)
      }
    }),
  )
})

test('an accepted issuer is the origin of itself, on https or this machine', () => {
  const issuer = fc.oneof(
    fc.webUrl(),
    fc.webUrl().map((url) => new URL(url).origin),
    fc.string(),
  )
  fc.assert(
    fc.property(issuer, (candidate) => {
      try {
        parseProject(project({ issuer: candidate }))
      } catch {
        return
      }
      const url = new URL(candidate)
      expect(url.origin).toBe(candidate)
      expect(url.protocol === 'https:' || url.hostname === 'localhost').toBe(true)
    }),
  )
})

test('an environment is chosen by name, and an unsafe name never reaches a path', () => {
  const parsed = parseProject(project())
  expect(environmentOf(parsed).name).toBe('production')
  for (const name of ['../production', 'constructor', 'staging'])
    expect(() => environmentOf(parsed, name)).toThrow(ConfigError)
})

test('local is a loopback issuer without an account', () => {
  const local = (issuer: string) => isLocal(environmentOf(parseProject(project({ issuer }))))
  for (const issuer of ['http://localhost:8787', 'http://127.0.0.1:8787', 'http://[::1]:8787'])
    expect(local(issuer)).toBe(true)
  expect(local('https://id.example.com')).toBe(false)
})

describe('variables', () => {
  const environment = environmentOf(parseProject(project({ codeTtl: 30, vars: { 'op-auth': { EXTRA: 'x' } } })))

  test('a Worker gets those of its row in the topology, all as text', () => {
    for (const worker of workerNames) {
      const variables = workerVariables(environment, worker)
      const own = worker === 'op-auth' ? ['EXTRA'] : []
      expect(Object.keys(variables).toSorted()).toEqual([...workerTopology(worker).variables, ...own].toSorted())
      expect(Object.values(variables).every((value) => typeof value === 'string')).toBe(true)
    }
    expect(workerVariables(environment, 'op-auth')).toMatchObject({
      CODE_EXPIRY: '30',
      ENVIRONMENT: 'production',
      EXTRA: 'x',
    })
  })

  test('ENVIRONMENT is local on this machine whatever its name', () => {
    const staging = environmentOf(parseProject(project({ issuer: 'http://localhost:8787' }, 'staging')))
    expect(workerVariables(staging, 'op-token')).toMatchObject({ ENVIRONMENT: 'local' })
  })
})

test('production has the plain script names', () => {
  expect(scriptName('production', 'op-discovery')).toBe('authrim-op-discovery')
  expect(scriptName('staging', 'op-discovery')).toBe('authrim-staging-op-discovery')
})
