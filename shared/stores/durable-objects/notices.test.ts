import { type Server, createServer } from 'node:http'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { Outbound } from '../../http/outbound.ts'
import { deliver, retryDelays } from './notices.ts'

describe('a notice', () => {
  const hits: string[] = []
  let server: Server
  let origin = ''
  beforeAll(async () => {
    server = createServer((request, response) => {
      hits.push(request.url ?? '')
      const status = Number(request.url?.slice(1))
      response.writeHead(status, status === 301 ? { location: '/200' } : {}).end()
    })
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve)
    })
    const bound = server.address()
    origin = typeof bound === 'object' && bound ? `http://127.0.0.1:${bound.port}` : ''
  })
  afterAll(() => void server.close())
  beforeEach(() => void vi.spyOn(console, 'warn').mockImplementation(() => undefined))
  afterEach(() => void vi.restoreAllMocks())

  const send = (url: string, local = true) =>
    deliver(new Outbound('https://id.example.com', local), { url, headers: {}, body: {} })

  test.each([
    [200, false],
    [204, false],
    [400, false],
    [401, false],
    [403, false],
    [301, false],
    [408, true],
    [429, true],
    [500, true],
    [503, true],
  ])('C-42 answered with %i is worth another attempt: %s', async (status, again) => {
    expect(await send(`${origin}/${status}`)).toBe(again)
  })

  test('attack S2 follows no redirect', () => {
    expect(hits.filter((path) => path === '/200')).toHaveLength(1)
  })

  test('fault F38 is tried again when nobody listens, four times at most', async () => {
    expect(await send('http://127.0.0.1:9/')).toBe(true)
    expect(retryDelays).toHaveLength(4)
  })

  test.each(['https://10.0.0.1/', 'https://localhost/', 'https://id.example.com/', 'http://127.0.0.1:9/'])(
    'attack S1 ASY-11 goes not to %s, and is not tried again',
    async (url) => {
      expect(await send(url, false)).toBe(false)
    },
  )
})
