import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { anyText } from '../../tests/support/any-text.ts'
import { redirectUriProblem } from './registered-redirect-uri.ts'

const web = { native: false, local: false }
const native = { native: true, local: false }
const local = { native: false, local: true }

describe('REG-02 redirect URIs that may be registered', () => {
  test.each([
    'https://app.example/callback',
    'https://app.example',
    'https://app.example:8443/a/b?c=d&e=%20',
    'https://[2001:db8::1]/callback',
  ])('web: %s', (uri) => expect(redirectUriProblem(uri, web)).toBeUndefined())

  test.each([
    'https://app.example/callback',
    'http://127.0.0.1/callback',
    'http://127.0.0.1:8080/callback',
    'http://[::1]:8080/',
    'http://localhost/callback',
    'com.example.app:/callback',
    'com.example.app://callback',
  ])('native: %s', (uri) => expect(redirectUriProblem(uri, native)).toBeUndefined())

  test('http on loopback is for native clients, and for all in a local environment', () => {
    const uri = 'http://localhost:3000/callback'
    expect(redirectUriProblem(uri, web)).toBe('must use https')
    expect(redirectUriProblem(uri, local)).toBeUndefined()
  })
})

describe('REG-02 attack O8: redirect URIs that may not', () => {
  test.each([
    '',
    '/callback',
    'callback',
    'app.example/callback',
    '//app.example/callback',
    'https:/app.example/callback',
    'https://',
    'https:///callback',
    'https://app.example/callback#',
    'https://app.example/callback#fragment',
    'https://user@app.example/callback',
    'https://user:password@app.example/callback',
    'https://app.example\\@evil.example/callback',
    'https://*.app.example/callback',
    'https://app.example/call back',
    'https://app.example/\tcallback',
    'https://app.example/%zz',
    'https://app.example:port/callback',
    'HTTPS://app.example/callback',
    'hTTp://127.0.0.1/callback',
    'http://app.example/callback',
    'http://127.0.0.1.evil.example/callback',
    'http://localhost.evil.example/callback',
    'http://localhost@evil.example/callback',
    'http://127.1/callback',
    'http://0x7f.0.0.1/callback',
    'javascript:alert(1)',
    'JaVaScRiPt:alert(1)',
    ' javascript:alert(1)',
    'java\nscript:alert(1)',
    'javascript://app.example/%0aalert(1)',
    'data:text/html,hello',
    'vbscript:msgbox',
    'file:///etc/passwd',
    'about:blank',
    'blob:https://app.example/1',
    'myapp:/callback',
    'com.example.app:',
    'Com.example.app:/callback',
    `https://app.example/${'a'.repeat(2048)}`,
  ])('%j', (uri) => {
    expect(redirectUriProblem(uri, web)).toBeDefined()
    expect(redirectUriProblem(uri, native)).toBeDefined()
  })

  test('whatever is accepted parses to https, loopback or a scheme with a dot, without user and fragment', () => {
    const text = fc.oneof(
      fc.webUrl({ withFragments: true, withQueryParameters: true }),
      anyText,
      fc
        .tuple(
          fc.constantFrom('https://', 'http://', 'javascript:', 'com.example:', 'data:', 'http://127.0.0.1', 'https:'),
          fc.string(),
        )
        .map((parts) => parts.join('')),
    )
    fc.assert(
      fc.property(text, fc.boolean(), (uri, isNative) => {
        if (redirectUriProblem(uri, { native: isNative, local: false })) return
        const url = new URL(uri)
        expect(url.hash).toBe('')
        expect(url.username + url.password).toBe('')
        const loopback = url.protocol === 'http:' && ['127.0.0.1', '[::1]', 'localhost'].includes(url.hostname)
        expect(url.protocol === 'https:' || (isNative && (loopback || url.protocol.includes('.')))).toBe(true)
      }),
      { numRuns: 2000 },
    )
  })
})
