import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
import { EnvironmentSchema } from '../../shared/config/environment-schema.ts'
import { environmentOf, parseProject } from '../../shared/config.ts'
import { workerNames } from '../../shared/topology.ts'
import { authrimPackage } from '../bundle/package-root.ts'
import { parsePath, valueAt, withValue } from './config-path.ts'
import { lineDifference } from './line-difference.ts'
import { writeProjectFile } from './project-file.ts'
import { readResources, type Resources, writeResources } from './resources-file.ts'
import { wranglerFiles, writeWranglerFiles } from './wrangler-files.ts'

const root = mkdtempSync(join(tmpdir(), 'authrim-project-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

const issuer = 'https://id.example.com'
const environment = environmentOf(
  parseProject({
    name: 'x',
    defaultEnvironment: 'production',
    environments: { production: { issuer, zone: 'example.com' } },
  }),
)
const id = (digit: string) => digit.repeat(32)
const resources: Resources = {
  version: 1,
  account: { id: id('a'), name: 'Example' },
  zone: { id: id('b'), name: 'example.com' },
  host: 'custom-domain',
  kv: {
    CLIENTS: { id: id('1'), previewId: id('2') },
    AUTH_CODES: { id: id('3'), previewId: id('4') },
    REFRESH_TOKENS: { id: id('5'), previewId: id('6') },
  },
  database: { name: 'authrim-production', id: '00000000-0000-4000-8000-000000000000' },
  bootstrapOperatorKey: { kty: 'OKP', crv: 'Ed25519', x: 'x'.repeat(43) },
}

test('resources come back as they were written, and nothing else is accepted (attack K2)', () => {
  writeResources(root, 'production', resources)
  expect(readResources(root, 'production')).toEqual(resources)
  const path = join(root, 'environments/production/resources.json')
  const tampered = [
    { ...resources, secret: 1 },
    { ...resources, host: 'elsewhere' },
    { ...resources, database: { ...resources.database, name: 'x; rm -rf /' } },
    { ...resources, kv: { ...resources.kv, CLIENTS: { id: '../../../etc', previewId: id('2') } } },
  ]
  for (const each of tampered) {
    writeFileSync(path, JSON.stringify(each))
    expect(() => readResources(root, 'production')).toThrow('not as authrim writes it')
  }
  expect(() => readResources(root, 'staging')).toThrow('missing')
})

test('wrangler.toml files are written once, follow the configuration, and are not overwritten when changed by hand', () => {
  const states = (issuer = environment.issuer) =>
    wranglerFiles(root, { ...environment, issuer }, resources).map(({ state }) => state)
  expect(new Set(states())).toEqual(new Set(['missing']))
  writeWranglerFiles(root, wranglerFiles(root, environment, resources))
  expect(new Set(states())).toEqual(new Set(['same']))
  expect(new Set(states('https://login.example.com'))).toEqual(new Set(['outdated']))
  const path = join(root, `environments/production/${workerNames[0]}/wrangler.toml`)
  writeFileSync(path, `${readFileSync(path, 'utf8')}logpush = true\n`)
  const [first] = wranglerFiles(root, environment, resources)
  expect(first).toMatchObject({ state: 'edited', difference: ['- logpush = true'] })
})

test('attack K5 a link in a file’s place is replaced, and one on the way is not followed', () => {
  const outside = join(root, 'outside.txt')
  writeFileSync(outside, 'mine')
  symlinkSync(outside, join(root, 'linked.json'))
  writeProjectFile(root, 'linked.json', 'new')
  expect([readFileSync(outside, 'utf8'), readFileSync(join(root, 'linked.json'), 'utf8')]).toEqual(['mine', 'new'])
  const inner = join(root, 'inner')
  mkdirSync(inner)
  symlinkSync(root, join(inner, 'up'))
  expect(() => writeProjectFile(inner, 'up/x.json', 'new')).toThrow('leads out of the project')
})

describe('a difference of lines', () => {
  test('names what goes and what comes', () => {
    expect(lineDifference('a\nb\nc', 'a\nx\nc\nd')).toEqual(['- b', '+ x', '+ d'])
  })

  test('is empty for equals, and turns one text into the other', () => {
    const lines = fc.array(fc.constantFrom('a', 'b', 'c'), { maxLength: 8 })
    fc.assert(
      fc.property(lines, lines, (a, b) => {
        const difference = lineDifference(a.join('\n'), b.join('\n'))
        const [gone, come] = ['-', '+'].map((mark) => difference.filter((line) => line.startsWith(mark)).length)
        const [before, after] = [a.join('\n').split('\n'), b.join('\n').split('\n')]
        expect(before.length - (gone ?? 0) + (come ?? 0)).toBe(after.length)
        if (a.join('\n') === b.join('\n')) expect(difference).toEqual([])
      }),
    )
  })
})

describe('a path in authrim.json', () => {
  test('reads, sets and removes a member', () => {
    const document = { a: { 'b-c': 1 } }
    expect(valueAt(document, parsePath('a.b-c'))).toBe(1)
    expect(withValue(document, parsePath('a["x.y"].z'), 2)).toEqual({ a: { 'b-c': 1, 'x.y': { z: 2 } } })
    expect(withValue(document, parsePath('a.b-c'), undefined)).toEqual({ a: {} })
    expect(valueAt(document, parsePath('a.toString'))).toBeUndefined()
  })

  test('leads to no prototype', () => {
    expect(() => parsePath('a.__proto__.b')).toThrow('is no path')
  })
})

test('the JSON schema knows the members that authrim.json may have', () => {
  const schema = JSON.parse(readFileSync(join(authrimPackage().root, 'templates/authrim.schema.json'), 'utf8'))
  const { properties } = schema.definitions.environment
  expect(Object.keys(properties).toSorted()).toEqual(Object.keys(EnvironmentSchema.pipe[1].entries).toSorted())
  expect(properties.vars.propertyNames.enum).toEqual([...workerNames])
  const defaults = Object.entries(properties).flatMap(([name, member]) =>
    typeof member === 'object' && member !== null && 'default' in member ? [[name, member.default]] : [],
  )
  expect(environment).toMatchObject(Object.fromEntries(defaults))
})
