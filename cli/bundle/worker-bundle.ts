import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { extname, join } from 'node:path'
import { gzipSync } from 'node:zlib'
import type { BuildOptions, Plugin } from 'esbuild'
import type { WorkerName } from '../../shared/topology.ts'
import { BundleError } from './bundle-error.ts'
import { unreachedParts } from './unreached-parts.ts'
import { type AuthrimPackage, authrimPackage } from './package-root.ts'

export interface WorkerBundle {
  readonly worker: WorkerName
  readonly code: Uint8Array
  readonly sha256: string
  readonly bytes: number
  readonly gzipBytes: number
}

/** The entry of a Worker's sources; absent in the installed package, which ships bundles only. */
export function workerEntry(worker: WorkerName, root = authrimPackage().root): string {
  return join(root, 'workers', worker, 'index.ts')
}

/** True where bundles can be made from source: in the repository. */
export function hasSource(worker: WorkerName, root = authrimPackage().root): boolean {
  return existsSync(workerEntry(worker, root))
}

/** Imports of style sheets and of scripts for the browser give their minified text. */
export const assetText: Plugin = {
  name: 'asset-text',
  setup(build) {
    build.onLoad({ filter: /\.css$|\.client\.js$/ }, async ({ path }) => {
      const loader = extname(path) === '.css' ? 'css' : 'js'
      const { transform } = await import('esbuild')
      const { code } = await transform(readFileSync(path, 'utf8'), { loader, minify: true, target: 'es2022' })
      return { contents: code.trimEnd(), loader: 'text' }
    })
  },
}

/** A module `styles.ts` gives the text of its sheet, made and minified now rather than at every start of the Worker. */
const styleSheet: Plugin = {
  name: 'style-sheet',
  setup(build) {
    build.onLoad({ filter: /[\\/]styles\.ts$/ }, async ({ path }) => {
      const { transform } = await import('esbuild')
      // Its code is its address, so that a change makes it another module.
      const { code: script } = await transform(readFileSync(path, 'utf8'), { loader: 'ts', format: 'esm' })
      const { styles }: { styles: string } = await import(`data:text/javascript,${encodeURIComponent(script)}`)
      const { code } = await transform(styles, { loader: 'css', minify: true, target: 'es2022' })
      return { contents: `export const styles = ${JSON.stringify(code.trimEnd())}`, loader: 'js' }
    })
  },
}

/** A library that requires Node's module by its old name gets the runtime's; a Worker has no `require`. */
const runtimeModules: Plugin = {
  name: 'runtime-modules',
  setup(build) {
    build.onResolve({ filter: /^crypto$/ }, ({ path }) => ({ path, namespace: 'runtime' }))
    build.onLoad({ filter: /.*/, namespace: 'runtime' }, ({ path }) => ({
      contents: `export * from 'node:${path}'`,
      loader: 'js',
    }))
  },
}

/**
 * What xml-crypto and @xmldom/xmldom bring along for other purposes than canonical XML: a language of paths, of which
 * canonicalisation uses nothing, and the names of all characters of HTML, which no XML document may use.
 */
const leanXml: Plugin = {
  name: 'lean-xml',
  setup(build) {
    build.onLoad({ filter: /[\\/]node_modules[\\/]xpath[\\/]xpath\.js$/ }, () => ({ contents: 'module.exports = {}' }))
    build.onLoad({ filter: /[\\/]@xmldom[\\/]xmldom[\\/]lib[\\/]entities\.js$/ }, () => ({
      contents: `exports.XML_ENTITIES = { amp: '&', apos: "'", gt: '>', lt: '<', quot: '"' }`,
    }))
  },
}

/** How every Worker is bundled; `authrim dev` watches with the same options. */
export function workerBuildOptions(worker: WorkerName, authrim: AuthrimPackage = authrimPackage()) {
  return {
    entryPoints: [workerEntry(worker, authrim.root)],
    // Paths in the output are relative to here, so that the bundle is the same on every machine.
    absWorkingDir: authrim.root,
    bundle: true,
    minify: true,
    write: false,
    format: 'esm',
    target: 'es2024',
    conditions: ['workerd', 'worker', 'browser'],
    mainFields: ['module', 'main'],
    external: ['cloudflare:*', 'node:*'],
    jsx: 'automatic',
    jsxImportSource: 'hono/jsx',
    // Types are hono's; what runs is the small part of it that our pages need.
    alias: { 'hono/jsx/jsx-runtime': join(authrim.root, 'shared/pages/jsx-runtime.ts') },
    tsconfigRaw: { compilerOptions: { verbatimModuleSyntax: true } },
    loader: { '.txt': 'text', '.svg': 'text' },
    define: { AUTHRIM_RELEASE: JSON.stringify(authrim.version) },
    plugins: [assetText, styleSheet, unreachedParts, runtimeModules, leanXml],
    sourcemap: false,
    legalComments: 'none',
    charset: 'utf8',
    logLevel: 'silent',
  } as const satisfies BuildOptions
}

/** SHA-256 of a bundle, in hexadecimal. */
export function digestOf(code: Uint8Array | string): string {
  return createHash('sha256').update(code).digest('hex')
}

/** Hash and sizes of a bundle's bytes. */
export function measure(worker: WorkerName, code: Uint8Array): WorkerBundle {
  return {
    worker,
    code,
    sha256: digestOf(code),
    bytes: code.byteLength,
    gzipBytes: gzipSync(code, { level: 9 }).byteLength,
  }
}

/** Bundles one Worker from its sources into one file, byte for byte the same each time. */
export async function bundleWorker(
  worker: WorkerName,
  authrim: AuthrimPackage = authrimPackage(),
): Promise<WorkerBundle> {
  const { build, formatMessages } = await import('esbuild')
  const result = await build(workerBuildOptions(worker, authrim)).catch(async (failure: unknown) => {
    const errors = failure instanceof Error && 'errors' in failure ? failure.errors : undefined
    if (!Array.isArray(errors)) throw failure
    const lines = await formatMessages(errors, { kind: 'error', color: false })
    throw new BundleError(`${worker} does not bundle:\n${lines.join('').trimEnd()}`, 'npm run check')
  })
  const [output] = result.outputFiles
  if (!output) throw new BundleError(`${worker} gave no output`, 'npm run build')
  return measure(worker, output.contents)
}
