import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isRegisteredRedirectUri, withQuery } from './redirect-uri.ts'

describe('a registered redirect URI', () => {
  test('is the same string and no other (RFC 9700 §2.1)', () => {
    fc.assert(
      fc.property(fc.webUrl({ withQueryParameters: true }), fc.webUrl(), (registered, other) => {
        expect(isRegisteredRedirectUri(registered, [registered], false)).toBe(true)
        expect(isRegisteredRedirectUri(other, [registered], true)).toBe(other === registered)
      }),
    )
  })

  test('of a native client may name any port of a loopback address, if it is one (RFC 8252 §7.3)', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('127.0.0.1', '[::1]'),
        fc.integer({ min: 0, max: 99_999 }),
        fc.webPath(),
        (host, port, path) => {
          const registered = [`http://${host}${path}`]
          const requested = `http://${host}:${port}${path}`
          expect(isRegisteredRedirectUri(requested, registered, true)).toBe(port <= 65_535)
          expect(isRegisteredRedirectUri(requested, registered, false)).toBe(false)
          expect(isRegisteredRedirectUri(`${requested}x`, registered, true)).toBe(false)
        },
      ),
    )
  })

  test('always is a URI, whatever text is asked for', () => {
    const registered = ['http://127.0.0.1/cb', 'https://app.example/cb', 'com.example.app:/cb']
    const texts = fc.oneof(
      fc.string(),
      fc.string().map((tail) => `http://127.0.0.1${tail}`),
      fc.string().map((tail) => `http://127.0.0.1:${tail}/cb`),
    )
    fc.assert(
      fc.property(texts, (text) => {
        if (!isRegisteredRedirectUri(text, registered, true)) return
        expect(registered).toContain(text.replace(/:\d+(?=\/)/, ''))
        expect(URL.canParse(text)).toBe(true)
      }),
    )
  })

  test('is no loopback name, since a name can lead elsewhere', () => {
    expect(isRegisteredRedirectUri('http://localhost:5000/cb', ['http://localhost/cb'], true)).toBe(false)
  })
})

describe('response parameters', () => {
  test('are added to whatever query there is (RFC 6749 §4.1.2)', () => {
    const parameters = { code: 'a+b/c=', state: 'ü&x' }
    for (const [uri, start] of [
      ['https://a.example/cb', 'https://a.example/cb?'],
      ['https://a.example/cb?', 'https://a.example/cb?'],
      ['https://a.example/cb?x=1', 'https://a.example/cb?x=1&'],
      ['https://a.example/cb?x=1&', 'https://a.example/cb?x=1&'],
    ] as const) {
      const url = withQuery(uri, parameters)
      expect(url.startsWith(start) && !url.includes('&&')).toBe(true)
      expect(Object.fromEntries(new URL(url).searchParams)).toMatchObject(parameters)
    }
  })

  test('come out as they went in', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (state) => {
        expect(new URL(withQuery('https://a.example/cb?x=1', { state })).searchParams.get('state')).toBe(state)
      }),
    )
  })
})
