import { type Server, createServer } from 'node:http'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Outbound, isFetchable } from './outbound.ts'

const issuer = 'https://id.example.com'

describe('attack S1 XCT-03 addresses that others named', () => {
  test.each(['https://rp.example.com/jwks', 'https://rp.example.com:443/jwks', 'https://a.b.c.example.org'])(
    '%s may be fetched',
    (address) => {
      expect(isFetchable(address, issuer, false)).toBe(true)
    },
  )

  test.each([
    'http://rp.example.com/jwks',
    'https://rp.example.com:8443/jwks',
    'https://user:pass@rp.example.com/',
    'https://127.0.0.1/',
    'https://10.0.0.1/',
    'https://169.254.169.254/latest/meta-data/',
    'https://2130706433/',
    'https://0x7f.1/',
    'https://0177.0.0.1/',
    'https://[::1]/',
    'https://[::ffff:127.0.0.1]/',
    'https://localhost/',
    'https://localhost./',
    'https://intranet/',
    'https://printer.local/',
    'https://db.internal/',
    'https://db.internal./',
    'https://router.home.arpa/',
    'https://x.onion/',
    'https://id.example.com/anything',
    'https://ID.EXAMPLE.COM./anything',
    'https://１２７.0.0.1/',
    'ftp://rp.example.com/',
    'file:///etc/passwd',
    'data:application/json,{}',
    'javascript:alert(1)',
    '//rp.example.com/',
    'not an address',
    '',
  ])('%s may not', (address) => {
    expect(isFetchable(address, issuer, false)).toBe(false)
  })

  test('http on loopback is for local environments', () => {
    for (const address of ['http://127.0.0.1:3000/jwks', 'http://[::1]:3000/', 'http://localhost:3000/']) {
      expect(isFetchable(address, issuer, true)).toBe(true)
      expect(isFetchable(address, issuer, false)).toBe(false)
    }
    expect(isFetchable('http://10.0.0.1/', issuer, true)).toBe(false)
  })
})

describe('fetching', () => {
  const hits: string[] = []
  let server: Server
  let origin: string
  const outbound = new Outbound(issuer, true)

  beforeAll(async () => {
    server = createServer((request, response) => {
      hits.push(request.url ?? '')
      if (request.url === '/redirect') response.writeHead(302, { location: '/secret' }).end()
      else if (request.url === '/endless') {
        response.on('error', () => undefined)
        const write = () => {
          while (!response.destroyed && response.write('x'.repeat(16_384)));
        }
        response.on('drain', write)
        write()
      } else if (request.url === '/nothing') response.writeHead(204).end()
      else if (request.url === '/stall') response.writeHead(200).write('{')
      else response.end('fine')
    })
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve)
    })
    const bound = server.address()
    if (bound === null || typeof bound === 'string') throw new Error('it does not listen')
    origin = `http://127.0.0.1:${bound.port}`
  })
  afterAll(() => {
    server.closeAllConnections()
    server.close()
  })

  test('answers what the party said', async () => {
    expect(await (await outbound.fetch(`${origin}/fine`)).text()).toBe('fine')
  })

  test('answers without a body where the party sent none', async () => {
    const response = await outbound.fetch(`${origin}/nothing`)
    expect([response.status, response.body]).toEqual([204, null])
  })

  test('attack S2 does not follow a redirect', async () => {
    await expect(outbound.fetch(`${origin}/redirect`)).rejects.toThrow('redirect')
    expect(hits).not.toContain('/secret')
  })

  test('attack S3 reads no more than 64 KiB', async () => {
    await expect(outbound.fetch(`${origin}/endless`)).rejects.toThrow('too large')
  })

  test('attack S3 waits no longer than five seconds', async () => {
    const started = performance.now()
    await expect(outbound.fetch(`${origin}/stall`)).rejects.toThrow()
    expect(performance.now() - started).toBeLessThan(6000)
  })

  test('attack S1 refuses before it connects', async () => {
    const before = hits.length
    const strict = new Outbound(issuer, false)
    await expect(strict.fetch(`${origin}/fine`)).rejects.toThrow('refused to fetch')
    expect(hits).toHaveLength(before)
  })
})
