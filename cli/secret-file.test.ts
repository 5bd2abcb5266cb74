import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { writeSecretFile } from './secret-file.ts'

describe('a file that holds a secret', () => {
  let folder: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'authrim-secret-'))
  })
  afterEach(() => rmSync(folder, { recursive: true, force: true }))

  test('attack K3 only its owner may read it, also when it replaces one that others could', () => {
    const file = join(folder, 'secret')
    writeFileSync(file, 'old')
    chmodSync(file, 0o644)
    writeSecretFile(file, 'new')
    expect(lstatSync(file).mode & 0o777).toBe(0o600)
  })

  test('attack K5 a link in its place is replaced, and what it leads to stays as it was', () => {
    const victim = join(folder, 'victim')
    const file = join(folder, 'secret')
    writeFileSync(victim, 'untouched')
    symlinkSync(victim, file)
    writeSecretFile(file, 'new')
    expect(lstatSync(file).isSymbolicLink()).toBe(false)
    expect(readFileSync(victim, 'utf8')).toBe('untouched')
    expect(readFileSync(file, 'utf8')).toBe('new')
  })

  test('fault F17 where it cannot be put in place, nothing is left behind', () => {
    const taken = join(folder, 'secret')
    mkdirSync(join(taken, 'a-folder-with-content'), { recursive: true })
    expect(() => writeSecretFile(taken, 'new')).toThrow(/EISDIR|ENOTEMPTY|EEXIST/)
    expect(readdirSync(folder)).toEqual(['secret'])
  })
})
