import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { lockFolder } from './lock.ts'

describe('the lock of an environment’s folder (fault F14)', () => {
  const folder = mkdtempSync(join(tmpdir(), 'authrim-lock-'))
  const file = join(folder, 'dev.pid')
  afterAll(() => rmSync(folder, { recursive: true }))

  test('fault F14 a dead process’s lock is taken over, and given back', () => {
    writeFileSync(file, `${spawnSync(process.execPath, ['-e', '0']).pid}\n`)
    const unlock = lockFolder(file, 'local')
    expect(readFileSync(file, 'utf8')).toBe(`${process.pid}\n`)
    unlock()
    expect(existsSync(file)).toBe(false)
  })

  test('fault F14 a living process’s lock is respected', () => {
    writeFileSync(file, `${process.ppid}\n`)
    expect(() => lockFolder(file, 'local')).toThrow(`process ${process.ppid}`)
  })

  test('what is no process number is no lock', () => {
    writeFileSync(file, 'rubbish')
    lockFolder(file, 'local')()
  })
})
