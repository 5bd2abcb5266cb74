import { expect, test } from 'vitest'
import { covers } from './inventory.ts'

const inventory = (hosts: string[], passive: string[]) => ({ hosts: new Set(hosts), passive: new Set(passive) })
const running = inventory(['keys'], ['token', 'userinfo'])

test.each([
  ['what is deployed', inventory(['keys'], ['token', 'userinfo']), true],
  ['fewer Workers', inventory(['keys'], ['token']), true],
  ['one more Worker', inventory(['keys'], ['token', 'userinfo', 'auth']), false],
  ['another version of a Worker', inventory(['keys'], ['token', 'userinfo 2']), false],
  ['another version of a Worker with objects', inventory(['keys 2'], ['token', 'userinfo']), false],
  // The alarms of its objects would go on.
  ['one Worker with objects fewer', inventory([], ['token', 'userinfo']), false],
])('a workerd with the Workers deployed before can serve %s', (_, wanted, can) => {
  expect(covers(running, wanted)).toBe(can)
})
