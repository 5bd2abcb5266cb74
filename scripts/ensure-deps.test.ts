import { spawnSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, test } from 'vitest'

let root: string

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'authrim-deps-'))
  mkdirSync(join(root, 'scripts'))
  copyFileSync(fileURLToPath(new URL('ensure-deps.mjs', import.meta.url)), join(root, 'scripts/ensure-deps.mjs'))
  write('package-lock.json', {
    packages: {
      '': {},
      'node_modules/a': { version: '1.0.0' },
      'node_modules/b': { version: '2.0.0', optional: true },
    },
  })
  // In npm's place: writes down how it was called, and fails on demand.
  writeFileSync(
    join(root, 'npm-cli.js'),
    "require('fs').writeFileSync('called', process.argv.slice(2).join(' ')); process.exit(Number(process.env.FAIL ?? 0))",
  )
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

function write(path: string, value: unknown): void {
  mkdirSync(dirname(join(root, path)), { recursive: true })
  writeFileSync(join(root, path), JSON.stringify(value))
}

/** Runs the script; what npm was called with, undefined when it was not. */
function ensure(environment: Record<string, string> = {}) {
  const { status } = spawnSync(process.execPath, ['scripts/ensure-deps.mjs'], {
    cwd: root,
    env: { ...environment, npm_execpath: join(root, 'npm-cli.js') },
  })
  const called = join(root, 'called')
  return { status, npm: existsSync(called) ? readFileSync(called, 'utf8') : undefined }
}

test('a fresh clone installs, quietly', () => {
  expect(ensure()).toEqual({
    status: 0,
    npm: 'ci --no-audit --no-fund --loglevel=error --fetch-timeout=30000 --fetch-retries=5 --prefer-offline',
  })
})

test('what is installed stays, whatever the age of the files', () => {
  write('node_modules/.package-lock.json', { packages: { 'node_modules/a': { version: '1.0.0' } } })
  expect(ensure()).toEqual({ status: 0, npm: undefined })
})

test('another version in the lockfile installs again', () => {
  write('node_modules/.package-lock.json', { packages: { 'node_modules/a': { version: '0.9.0' } } })
  expect(ensure().npm).toMatch(/^ci/)
})

test('an installation that was broken off installs again', () => {
  mkdirSync(join(root, 'node_modules/a'), { recursive: true })
  expect(ensure().npm).toMatch(/^ci/)
})

test('what pnpm installed is left alone', () => {
  mkdirSync(join(root, 'node_modules/.pnpm'), { recursive: true })
  expect(ensure().npm).toBeUndefined()
})

test('a failed installation ends the command', () => {
  expect(ensure({ FAIL: '7' }).status).toBe(1)
})
