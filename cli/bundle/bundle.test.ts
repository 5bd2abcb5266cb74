import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { buildWorkers, kib, sizeRows } from './build-workers.ts'
import { bundleFolder, readBundle, readManifest } from './manifest.ts'
import { type AuthrimPackage, authrimPackage } from './package-root.ts'
import { bundleWorker } from './worker-bundle.ts'

const folder = mkdtempSync(join(tmpdir(), 'authrim-bundle-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** A package with one small Worker that uses what real ones use. */
function packageWithWorker(name: string, source = entry): AuthrimPackage {
  const root = join(folder, name)
  mkdirSync(join(root, 'workers/op-token'), { recursive: true })
  writeFileSync(join(root, 'package.json'), JSON.stringify({ name: 'authrim', version: '9.8.7' }))
  writeFileSync(join(root, 'workers/op-token/index.tsx'), source)
  writeFileSync(
    join(root, 'workers/op-token/index.ts'),
    "export { default } from './index.tsx'\nexport * from './index.tsx'\n",
  )
  writeFileSync(join(root, 'workers/op-token/style.css'), 'body {\n  color: red; /* why */\n}\n')
  writeFileSync(join(root, 'workers/op-token/show.client.js'), "const long = 1\ndocument.title = 'a' + long\n")
  mkdirSync(join(root, 'shared/pages'), { recursive: true })
  cpSync(join(authrimPackage().root, 'shared/pages/jsx-runtime.ts'), join(root, 'shared/pages/jsx-runtime.ts'))
  symlinkSync(join(authrimPackage().root, 'node_modules'), join(root, 'node_modules'))
  return { root, version: '9.8.7' }
}

const entry = `
import { DurableObject } from 'cloudflare:workers'
import { createHash } from 'node:crypto'
import style from './style.css'
import script from './show.client.js'
/** @license words that need not be shipped */
export class KeyManager extends DurableObject {}
export default { fetch: () => new Response(<p class={style}>{script}{createHash('sha256')}{AUTHRIM_RELEASE}</p>) }
`

let first: AuthrimPackage
beforeAll(() => {
  first = packageWithWorker('first')
})

describe('a bundle', () => {
  test('is one module of text assets, JSX and the release, and leaves the platform outside', async () => {
    const { code } = await bundleWorker('op-token', first)
    const text = Buffer.from(code).toString()
    expect(text).toContain('body{color:red}')
    expect(text).toContain('document.title=')
    expect(text).toContain('9.8.7')
    expect(text).toMatch(/from"cloudflare:workers"/)
    expect(text).toMatch(/from"node:crypto"/)
    expect(text).toMatch(/as KeyManager/)
    expect(text).not.toMatch(/license|sourceMappingURL|react|why/)
  })

  test('has of the framework what is used, and fails by name where the rest is called', async () => {
    const mounting = packageWithWorker(
      'mounting',
      `import { Hono } from 'hono/tiny'\nexport default new Hono().mount('/a', () => new Response())`,
    )
    const text = Buffer.from((await bundleWorker('op-token', mounting)).code).toString()
    expect(text).toContain('createMountedRequest of hono is left out')
    expect(text).toContain('parseBody of hono is left out')
    expect(text).not.toMatch(/Invalid mounted path|multipart/)
  })

  test('is the same, byte for byte, in another folder', async () => {
    const second = packageWithWorker('somewhere/else/altogether')
    expect((await bundleWorker('op-token', second)).sha256).toBe((await bundleWorker('op-token', first)).sha256)
  })

  test('that cannot be made says where the mistake is', async () => {
    const broken = packageWithWorker('broken', "import { a } from './nowhere.ts'\nexport default a")
    await expect(bundleWorker('op-token', broken)).rejects.toThrow(/op-token does not bundle[^]*nowhere/)
  })
})

describe('a build', () => {
  test('writes the bundles and a manifest of them', async () => {
    const { release, from, workers, overBudget } = await buildWorkers(['op-token'], first)
    expect({ release, from, overBudget }).toEqual({ release: '9.8.7', from: 'source', overBudget: false })
    const [size] = workers
    expect(readManifest(first.root)).toEqual({
      release: '9.8.7',
      workers: {
        'op-token': { file: 'op-token.js', sha256: size?.sha256, bytes: size?.bytes, gzipBytes: size?.gzipBytes },
      },
    })
    expect(readBundle('op-token', first.root).sha256).toBe(size?.sha256)
  })

  test('says which bundle is over its budget', async () => {
    const noise = Array.from({ length: 40_000 }, (_, index) => Math.imul(index, 2_654_435_761).toString(36)).join('')
    const heavy = packageWithWorker('heavy', `export default ${JSON.stringify(noise)}`)
    const { workers, overBudget } = await buildWorkers(['op-token'], heavy)
    expect(overBudget).toBe(true)
    expect(sizeRows(workers)[0]?.at(-1)).toMatch(/over budget/)
  })

  test('without sources verifies what was published', async () => {
    await buildWorkers(['op-token'], first)
    const root = join(folder, 'published')
    cpSync(bundleFolder(first.root), bundleFolder(root), { recursive: true })
    const published = { root, version: '9.8.7' }
    expect(await buildWorkers(['op-token'], published)).toMatchObject({ from: 'shipped', release: '9.8.7' })
    await expect(buildWorkers(['op-auth'], published)).rejects.toThrow(/no bundle of op-auth/)
  })

  test('attack Y3: an altered bundle is refused', async () => {
    await buildWorkers(['op-token'], first)
    const root = join(folder, 'altered')
    cpSync(bundleFolder(first.root), bundleFolder(root), { recursive: true })
    const file = join(bundleFolder(root), 'op-token.js')
    writeFileSync(file, `${readFileSync(file, 'utf8')}//`)
    await expect(buildWorkers(['op-token'], { root, version: '9.8.7' })).rejects.toThrow(/op-token was altered/)
  })
})

test('sizes read as KiB', () => {
  expect(kib(1536)).toBe('1.5 KiB')
})

test('the package is found from a source file and from a chunk', () => {
  const { root } = authrimPackage()
  expect(authrimPackage(join(root, 'dist/cli')).root).toBe(root)
})
