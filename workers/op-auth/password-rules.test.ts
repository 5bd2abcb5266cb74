import { describe, expect, test } from 'vitest'
import { newPasswordProblem } from './password-rules.ts'

const alice = { username: 'alice.example', email: 'alice.liddell@example.com', name: 'Alice Liddell' }

describe('a new password', () => {
  test('may be anything of 8 to 256 characters', () => {
    for (const password of ['correct horse', 'ünïcödé!', '🐢🐇🐈🐕🐎🐖🐄🐑', '        x y z', 'ab1'.repeat(85)])
      expect(newPasswordProblem(password, alice)).toBeUndefined()
  })

  test('is counted in characters, not in bytes or UTF-16 units', () => {
    expect(newPasswordProblem('🐢🐇🐈🐕', alice)).toBe('too_short')
    expect(newPasswordProblem('🐢🐇🐈'.repeat(85), alice)).toBeUndefined()
    expect(newPasswordProblem('abc'.repeat(86), alice)).toBe('too_long')
    expect(newPasswordProblem('', alice)).toBe('missing')
  })

  test('is not one that many people have, in any case', () => {
    for (const password of ['password123', 'Qwertyuiop', 'P@SSW0RD', 'aaaaaaaa', '1212121212'])
      expect(newPasswordProblem(password, alice)).toBe('common')
  })

  test("is not the person's name, user name or email", () => {
    for (const password of [
      'Alice Liddell',
      'aliceliddell',
      'ALICE.EXAMPLE',
      'alice.liddell',
      'alice.liddell@example.com',
    ])
      expect(newPasswordProblem(password, alice)).toBe('personal')
    expect(newPasswordProblem('alice liddell was here', alice)).toBeUndefined()
    expect(newPasswordProblem('alice liddell', {})).toBeUndefined()
  })
})
