import { expect, test } from 'vitest'
import type { Script, Version } from '../state/script.ts'
import { chooseVersion } from './version-choice.ts'

const version = (id: string): Version => ({
  id,
  number: 1,
  createdOn: '',
  source: '',
  annotations: {},
  mainModule: '',
  modules: [],
  bindings: [],
  compatibilityDate: '',
  compatibilityFlags: [],
  handlers: [],
  entrypoints: [],
  objectClasses: [],
  etag: '',
  startupTimeMs: 0,
})

const script: Script = {
  name: 'w-1',
  tag: '',
  createdOn: '',
  modifiedOn: '',
  versions: [version('a'), version('b'), version('c')],
  deployments: [
    {
      id: '',
      createdOn: '',
      source: '',
      annotations: {},
      versions: [
        { version_id: 'a', percentage: 0 },
        { version_id: 'b', percentage: 100 },
      ],
    },
  ],
  subdomain: { enabled: false, previews_enabled: false },
  classes: {},
  tags: [],
  logpush: false,
  schedules: [],
}

const chosen = (headers: Record<string, string>) => chooseVersion(script, (name) => headers[name])?.id
const override = (value: string) => chosen({ 'cloudflare-workers-version-overrides': value })

test.each([
  ['w-1="a"', 'a'],
  ['other="x", w-1="a"', 'a'],
  [' w-1 = "a" ', 'a'],
  ['w-1="c"', 'b'],
  ['w-1=a', 'b'],
  ['xw-1="a"', 'b'],
  ['', 'b'],
])('the override %j takes version %s', (value, expected) => {
  expect(override(value)).toBe(expected)
})

test('a version key is no override of a share of 0', () => {
  for (let key = 0; key < 50; key++) expect(chosen({ 'cloudflare-workers-version-key': String(key) })).toBe('b')
})
