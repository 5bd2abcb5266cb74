import { gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { contrast } from '../../shared/config/accent.ts'
import { brandStylesheet, findAsset, passwordAsset } from '../../workers/op-auth/pages/assets.ts'
import { accentProperties, surfaces } from '../../shared/pages/branding.ts'
import { contentSecurityPolicy } from '../../shared/pages/content-security-policy.ts'

const branding = (accent: string) => ({ name: 'Acme', accent })

describe('the stylesheet', () => {
  test('is under 6 KiB compressed', () => {
    expect(gzipSync(brandStylesheet(branding('#1d4ed8')).body).byteLength).toBeLessThan(6 * 1024)
  })

  test('has a name that changes with the accent, and is found under it', () => {
    const one = brandStylesheet(branding('#1d4ed8'))
    const other = brandStylesheet(branding('#1d4ed9'))
    expect(one.path).toMatch(/^\/assets\/brand\.[0-9a-f]{16}\.css$/)
    expect(one.path).not.toBe(other.path)
    expect(findAsset(one.path, branding('#1d4ed8'))).toEqual(one)
    expect(findAsset(one.path, branding('#1d4ed9'))).toBeUndefined()
    expect(findAsset(passwordAsset.path, branding('#000000'))).toBe(passwordAsset)
  })

  test('takes nothing but a colour from the branding', () => {
    const { body } = brandStylesheet(branding('red}body{display:none'))
    expect(body).toBe(brandStylesheet(branding('#1d4ed8')).body)
  })

  const accents = [
    '#000000',
    '#ffffff',
    '#ffd600',
    '#1d4ed8',
    '#7f7f7f',
    '#ff0000',
    '#00ff00',
    '#0f172a',
    '#f472b6',
    '#757575',
  ]
  test.each(accents)('reads well with the accent %s in light and dark', (accent) => {
    for (const scheme of ['light', 'dark'] as const) {
      const properties = new Map(
        accentProperties(branding(accent), scheme)
          .split(';')
          .map((property): [string, string] => {
            const [name = '', value = ''] = property.split(':')
            return [name, value]
          }),
      )
      const colour = (name: string) => properties.get(name) ?? ''
      expect(contrast(colour('--accent'), colour('--accent-text'))).toBeGreaterThanOrEqual(4.5)
      expect(contrast(colour('--accent-hover'), colour('--accent-text'))).toBeGreaterThanOrEqual(4.5)
      expect(contrast(colour('--accent-ink'), surfaces[scheme])).toBeGreaterThanOrEqual(4.5)
    }
  })
})

describe('the content security policy', () => {
  test('allows nothing inline and names where forms lead', () => {
    expect(contentSecurityPolicy()).toBe(
      "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; form-action 'self'; " +
        "frame-ancestors 'none'; base-uri 'none'",
    )
    const targets = [
      'https://app.example/cb?a=1',
      'https://app.example/other',
      'com.example.app:/cb',
      'http://127.0.0.1:9/x',
    ]
    expect(contentSecurityPolicy(targets)).toContain(
      "form-action 'self' https://app.example com.example.app: http://127.0.0.1:9;",
    )
  })
})
