import { expect, test } from 'vitest'
import { workerNames, workerTopology } from '../../shared/topology.ts'
import router, { workerOf } from './index.ts'

test('every path of the topology leads to its Worker, and what has none to the one that answers 404', () => {
  for (const worker of workerNames) {
    for (const path of workerTopology(worker).paths) expect(workerOf(path.replace('*', 'x/y')), path).toBe(worker)
  }
  for (const path of ['/', '/tokens', '/token/', '/authorize/x', '/.well-known/', '/admin', '/admin/v1'])
    expect(workerOf(path), path).toBe('op-discovery')
})

test('a request is passed on as it came', async () => {
  const passed: Request[] = []
  const service = { fetch: async (request: Request) => (passed.push(request), new Response('from op-token')) }
  const env = { OP_TOKEN: service, VERSION: { id: 'v1', tag: '', timestamp: '' } }
  const request = new Request('https://id.example/token?x=1', { method: 'POST', headers: { 'x-a': 'b' } })
  expect(await (await router.fetch(request, env)).text()).toBe('from op-token')
  expect(passed).toEqual([request])
  expect((await router.fetch(new Request('https://id.example/userinfo'), env)).status).toBe(503)
  expect(await (await router.fetch(new Request('https://id.example/op-router/health'), env)).json()).toEqual({
    worker: 'op-router',
    version: 'v1',
  })
})
