import { createHmac } from 'node:crypto'
import { expect, test } from 'vitest'
import { pairwiseKey, pairwiseSubject } from './pairwise.ts'

const secret = 'AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8'
const key = pairwiseKey(secret)

test('one person has one identifier in a sector, and others elsewhere', async () => {
  const subjects = await Promise.all(
    [
      ['saml', 'https://sp.example', 'ada'],
      ['saml', 'https://sp.example', 'bob'],
      ['saml', 'https://other.example', 'ada'],
      ['oidc', 'https://sp.example', 'ada'],
    ].map(async ([kind, sector = '', sub = '']) =>
      pairwiseSubject(await key, kind === 'saml' ? 'saml' : 'oidc', sector, sub),
    ),
  )
  expect(new Set(subjects).size).toBe(4)
  expect(await pairwiseSubject(await key, 'saml', 'https://sp.example', 'ada')).toBe(subjects[0])
  for (const subject of subjects) {
    expect(subject).toMatch(/^[\w-]{43}$/)
    expect(subject).not.toContain('ada')
  }
})

test('parts do not run into each other', async () => {
  const one = await pairwiseSubject(await key, 'saml', 'https://a.example/1', '2')
  expect(await pairwiseSubject(await key, 'saml', 'https://a.example/', '12')).not.toBe(one)
  expect(await pairwiseSubject(await key, 'saml', 'https://a.example/11:2', '')).not.toBe(one)
})

test('it never changes: partners keep it', async () => {
  const text = '4:saml18:https://sp.example3:ada'
  const expected = createHmac('sha256', Buffer.from(secret, 'base64url')).update(text).digest('base64url')
  expect(await pairwiseSubject(await key, 'saml', 'https://sp.example', 'ada')).toBe(expected)
})
