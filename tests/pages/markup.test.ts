import { describe, expect, test } from 'vitest'
import { messagesFor } from '../../workers/op-auth/pages/messages/language.ts'
import { SignedOut } from '../../workers/op-auth/pages/sign-out.tsx'
import { frameWith, html as renderedPage, pages } from './fixtures.ts'

/** Ends an attribute, opens elements and closes a comment, wherever it lands. */
const breakout = `'"><script>alert(1)</script><img src=x onerror=alert(1)><!-- --></title></style>`

describe('the markup of every page', () => {
  const hostile = pages((text) => breakout + text)

  test.each([...hostile])('attack X1: %s escapes what comes from outside', (_, html) => {
    expect(html).not.toMatch(/<script>|<img src=x|<!-- /)
    const scripts = html.match(/<script[^>]*>/g) ?? []
    for (const script of scripts)
      expect(script).toMatch(/^<script src="\/assets\/[a-z-]+\.[0-9a-f]{16}\.js" defer="">$/)
    expect(html.match(/<\/title>/g)).toHaveLength(1)
  })

  test.each([...pages()])('%s has nothing inline and nothing from elsewhere', (_, html) => {
    expect(html).toMatch(/^<!doctype html><html lang="en-GB" dir="ltr">/)
    expect(html).not.toMatch(/ style=| on[a-z]+=|<style/)
    for (const [, source] of html.matchAll(/ src="([^"]*)"/g)) expect(source).toMatch(/^\/assets\/|^data:/)
    expect(html.match(/<h1/g)).toHaveLength(1)
    expect(html.match(/ autofocus/g)?.length ?? 0).toBeLessThan(2)
  })

  test('has a title of its own on each error page', () => {
    const titles = [...pages()]
      .filter(([name]) => name.startsWith('error-'))
      .map(([, html]) => /<title>(.*?)</.exec(html)?.[1])
    expect(new Set(titles).size).toBe(titles.length)
  })

  test('says first in the title that a form was refused', () => {
    expect(pages().get('sign-in-wrong')).toContain('<title>Error: Sign in – Acme Cooperative</title>')
  })

  test('attack O14: form_post carries markup in state as text', () => {
    expect(hostile.get('form-post')).toContain('name="state" value="&#39;&quot;&gt;&lt;script&gt;')
  })
})

describe('links out of metadata', () => {
  test.each([
    'javascript:alert(1)',
    'JaVaScRiPt:alert(1)',
    ' javascript:alert(1)',
    'data:text/html,x',
    '//evil.example',
    'vbscript:x',
  ])('%s leads nowhere', (uri) => {
    const frame = frameWith()
    expect(renderedPage(SignedOut({ frame, returnUri: uri }))).not.toContain('class="button')
    expect(pages(() => uri, frame).get('form-post')).toContain('action="about:blank"')
    expect(pages(() => uri, frame).get('sign-in')).not.toContain(`href="${uri}"`)
  })

  test('a private-use scheme leads back into the application (RFC 8252 §7.1)', () => {
    expect(renderedPage(SignedOut({ frame: frameWith(), returnUri: 'com.example.app:/bye' }))).toContain(
      'com.example.app:/bye',
    )
  })

  test('a logo that would be fetched from elsewhere is replaced by initials', () => {
    const branding = { name: 'Acme Cooperative', accent: '#1d4ed8', logo: 'https://cdn.example/logo.png' }
    const html = pages(undefined, frameWith(undefined, { branding })).get('sign-in')
    expect(html).not.toContain('cdn.example')
    expect(html).toContain('>AC</span>')
  })
})

describe('the language of a page', () => {
  test.each([
    ['en-GB', 'de', 'en-GB'],
    ['fr de', 'de, en-AU;q=0.5, en-US;q=0.8', 'en-US'],
    [undefined, '*', 'en'],
    [undefined, null, 'en'],
    ['not_a_tag " en', 'en;q=0', 'en'],
    ['x'.repeat(99), ',,;q=,', 'en'],
  ])('follows ui_locales %s, then Accept-Language %s', (uiLocales, acceptLanguage, locale) => {
    expect(messagesFor(uiLocales, acceptLanguage)).toMatchObject({ locale, dir: 'ltr' })
  })

  test('writes dates as the language and the time zone have them', () => {
    const html = pages(undefined, frameWith(undefined, { ...messagesFor('en-US', null), timeZone: 'Asia/Tokyo' })).get(
      'account',
    )
    expect(html).toMatch(/<time datetime="2026-11-25T09:46:40.000Z" dir="auto">Nov 25, 2026, 6:46\sPM GMT\+9<\/time>/)
  })
})
