import { describe, expect, test } from 'vitest'
import { compileRoutes } from './routes.ts'

const order = (...patterns: string[]) =>
  compileRoutes(patterns.map((pattern) => ({ pattern, worker: pattern }))).map(({ worker }) => worker)

describe('route patterns', () => {
  test('the longer path precedes the shorter, and the exact precedes the wildcard', () => {
    expect(order('id.test/*', 'id.test/token*', 'id.test/token', 'id.test/*')).toEqual([
      'id.test/token',
      'id.test/token*',
      'id.test/*',
      'id.test/*',
    ])
  })

  test('a whole host precedes a wildcard host, whatever the paths', () => {
    expect(order('*.test/very/long/path*', 'id.test/*')).toEqual(['id.test/*', '*.test/very/long/path*'])
  })

  test('hosts are compared in lower case, paths as they are', () => {
    expect(compileRoutes([{ pattern: 'https://ID.test/Path*', worker: 'w' }])).toEqual([
      { worker: 'w', host: 'id.test', anyPrefix: false, path: '/Path', exact: false, scheme: 'https:' },
    ])
  })

  test('what Cloudflare would refuse is refused', () => {
    for (const pattern of ['', '/path', 'id.test/a*b', 'id.test/a?b=*', 'ftp://id.test/*']) {
      expect(() => compileRoutes([{ pattern, worker: 'w' }]), pattern).toThrow(TypeError)
    }
  })
})
