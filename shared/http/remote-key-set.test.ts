import { type FlattenedJWSInput, type JWK, exportJWK, generateKeyPair } from 'jose'
import { beforeEach, describe, expect, test, vi } from 'vitest'
import { Outbound } from './outbound.ts'
import { RemoteKeySet } from './remote-key-set.ts'

const token: FlattenedJWSInput = { payload: '', protected: '', signature: '' }
const address = 'https://rp.example.com/jwks'
const jwks: JWK[] = []
for (const kid of ['a', 'b', 'c'])
  jwks.push({
    ...(await exportJWK((await generateKeyPair('ES256', { extractable: true })).publicKey)),
    kid,
    alg: 'ES256',
  })

/** The party's server: what it publishes, whether it is up, and how often it was asked. */
class Party extends Outbound {
  published = jwks.slice(0, 1)
  down = false
  readonly asked = vi.fn()
  override readonly fetch = async (): Promise<Response> => {
    this.asked()
    await Promise.resolve()
    if (this.down) throw new Error('connection refused')
    return Response.json({ keys: this.published })
  }
}

describe('fault F37 CLA-07 keys behind a jwks_uri', () => {
  let party: Party
  let keys: RemoteKeySet
  const ask = (kid: string, now: number) => keys.key({ alg: 'ES256', kid }, token, now)
  beforeEach(() => {
    vi.spyOn(console, 'warn').mockImplementation(() => undefined)
    party = new Party('https://id.example.com', false)
    keys = new RemoteKeySet(address, party)
  })

  test('one fetch serves ten minutes', async () => {
    await ask('a', 1000)
    await ask('a', 1599)
    expect(party.asked).toHaveBeenCalledTimes(1)
    await ask('a', 1600)
    expect(party.asked).toHaveBeenCalledTimes(2)
  })

  test('a rotated key is found with the next call', async () => {
    await ask('a', 1000)
    party.published = jwks.slice(0, 2)
    await ask('b', 1001)
    expect(party.asked).toHaveBeenCalledTimes(2)
  })

  test('a hundred unknown kids cause one further fetch a minute, in turn or at once', async () => {
    await ask('a', 1000)
    for (let i = 0; i < 50; i++) await expect(ask(`bogus-${i}`, 1001)).rejects.toThrow()
    await Promise.all(Array.from({ length: 50 }, (_, i) => expect(ask(`bogus2-${i}`, 1002)).rejects.toThrow()))
    expect(party.asked).toHaveBeenCalledTimes(2)
    await expect(ask('bogus', 1061)).rejects.toThrow()
    expect(party.asked).toHaveBeenCalledTimes(3)
  })

  test('unknown kids cause no more while the server is down, and the good copy stays', async () => {
    await ask('a', 1000)
    party.down = true
    for (let i = 0; i < 50; i++) await expect(ask(`bogus-${i}`, 1001)).rejects.toThrow()
    expect(party.asked).toHaveBeenCalledTimes(2)
    await expect(ask('a', 1599)).resolves.toBeDefined()
    await expect(ask('a', 1600)).rejects.toThrow('there are no keys')
    party.down = false
    await expect(ask('a', 1605)).resolves.toBeDefined()
  })

  test('a server that was never up is asked again after five seconds, not with every request', async () => {
    party.down = true
    for (let i = 0; i < 20; i++) await expect(ask('a', 1000)).rejects.toThrow()
    expect(party.asked).toHaveBeenCalledTimes(1)
    party.down = false
    await expect(ask('a', 1005)).resolves.toBeDefined()
  })

  test('parallel first requests share one fetch', async () => {
    await Promise.all(Array.from({ length: 20 }, () => ask('a', 1000)))
    expect(party.asked).toHaveBeenCalledTimes(1)
  })

  test('parallel requests with a rotated key share one fetch, and none is refused', async () => {
    await ask('a', 1000)
    party.published = jwks
    await Promise.all(Array.from({ length: 20 }, () => ask('c', 1001)))
    expect(party.asked).toHaveBeenCalledTimes(2)
  })
})
