import { parse } from 'smol-toml'
import { expect, test } from 'vitest'
import { router, serviceBinding, workerNames } from '../../shared/topology.ts'
import { wranglerTemplate } from './wrangler-toml.ts'

test('the router binds every Worker, holds nothing, and alone is on workers.dev', () => {
  const template = parse(wranglerTemplate(router))
  expect(template['services']).toEqual(
    workerNames.map((worker) => ({ binding: serviceBinding(worker), service: `{{script.${worker}}}` })),
  )
  expect(template).toMatchObject({ workers_dev: true, preview_urls: false, vars: { ISSUER_URL: '{{ISSUER_URL}}' } })
  for (const member of ['routes', 'kv_namespaces', 'd1_databases', 'durable_objects', 'ratelimits'])
    expect(template).not.toHaveProperty(member)
})
