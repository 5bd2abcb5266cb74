import { describe, expect, test } from 'vitest'
import { Router } from './router.ts'

const router = new Router([
  { path: '/device' },
  { path: '/admin/users' },
  { path: '/admin/users/:user' },
  { path: '/admin/users/:user/sessions' },
  { path: '/assets/*' },
])

const found = (path: string) => {
  const match = router.find(path)
  return match && [match.route.path, Object.fromEntries(match.params)]
}

describe('finding the route of a path', () => {
  test.each([
    ['/device', '/device', {}],
    ['/admin/users', '/admin/users', {}],
    ['/admin/users/ada', '/admin/users/:user', { user: 'ada' }],
    ['/admin/users/ada%40example.com', '/admin/users/:user', { user: 'ada@example.com' }],
    ['/admin/users/a%2Fb/sessions', '/admin/users/:user/sessions', { user: 'a/b' }],
    // Decoded once: what a client encoded twice stays encoded.
    ['/admin/users/%2525', '/admin/users/:user', { user: '%25' }],
    ['/assets/brand.css', '/assets/*', {}],
    ['/assets/a/b', '/assets/*', {}],
  ])('%s is %s', (path, route, params) => {
    expect(found(path)).toEqual([route, params])
  })

  test.each([
    '/',
    '/device/',
    '/Device',
    '//device',
    '/device%20',
    '/admin/users/',
    '/admin/users/%E0',
    '/assets',
    '/x',
  ])('%s is nothing', (path) => {
    expect(found(path)).toBeUndefined()
  })
})
