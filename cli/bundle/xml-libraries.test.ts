import { build } from 'esbuild'
import { expect, test } from 'vitest'
import { workerNames } from '../../shared/topology.ts'
import { workerBuildOptions } from './worker-bundle.ts'

/** The files of packages about XML in a Worker's bundle. */
async function xmlFiles(worker: (typeof workerNames)[number]): Promise<string[]> {
  const { metafile } = await build({ ...workerBuildOptions(worker), metafile: true })
  return Object.keys(metafile.inputs).filter((path) => /xml|xpath|saml2/i.test(path) && path.includes('node_modules'))
}

test('only op-saml carries XML code, one copy of the parser, and no paths', { timeout: 60_000 }, async () => {
  for (const worker of workerNames) {
    const files = await xmlFiles(worker)
    if (worker !== 'op-saml') expect(files, worker).toEqual([])
    else {
      const folders = new Set(files.map((path) => path.replace(/.*node_modules\/((?:@[^/]+\/)?[^/]+)\/.*/, '$1')))
      expect([...folders].toSorted()).toEqual(['@xmldom/is-dom-node', '@xmldom/xmldom', 'xml-crypto', 'xpath'])
      expect(files.filter((path) => path.endsWith('dom-parser.js'))).toHaveLength(1)
      expect(files.some((path) => path.endsWith('signed-xml.js'))).toBe(false)
    }
  }
})

test('what canonicalisation does not use is empty in the bundle', async () => {
  const { metafile } = await build({ ...workerBuildOptions('op-saml'), metafile: true, minify: false })
  const [output] = Object.values(metafile.outputs)
  const bytes = (end: string) =>
    Object.entries(output?.inputs ?? {}).find(([path]) => path.endsWith(end))?.[1].bytesInOutput
  expect(bytes('xpath/xpath.js')).toBeLessThan(300)
  expect(bytes('xmldom/lib/entities.js')).toBeLessThan(500)
})
