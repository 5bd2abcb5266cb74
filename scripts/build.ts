/** `npm run build`: the Workers and the command, as they are published. Fails over budget. */
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { build } from 'esbuild'
import { buildWorkers, kib, sizeRows } from '../cli/bundle/build-workers.ts'
import { BundleError } from '../cli/bundle/bundle-error.ts'
import { authrimPackage } from '../cli/bundle/package-root.ts'
import { assetText, hasSource } from '../cli/bundle/worker-bundle.ts'
import { publishedWorkers } from '../shared/topology.ts'

const { root, version } = authrimPackage()
const started = performance.now()

/** Bundles the command with its dependencies, one chunk per lazily loaded command. */
async function buildCommand(): Promise<number> {
  const { outputFiles } = await build({
    entryPoints: [join(root, 'cli/main.ts')],
    outdir: join(root, 'dist/cli'),
    absWorkingDir: root,
    bundle: true,
    splitting: true,
    minifySyntax: true,
    minifyWhitespace: true,
    platform: 'node',
    format: 'esm',
    target: 'node22.12',
    // These stay dependencies: they bring binaries, and only the commands that need them load them.
    external: ['wrangler', 'miniflare', 'workerd', 'esbuild', 'terser'],
    jsx: 'automatic',
    jsxImportSource: 'hono/jsx',
    tsconfigRaw: { compilerOptions: { verbatimModuleSyntax: true } },
    loader: { '.txt': 'text', '.svg': 'text', '.html': 'text' },
    define: { AUTHRIM_RELEASE: JSON.stringify(version) },
    plugins: [assetText],
    // CommonJS dependencies call require() for Node's own modules.
    banner: {
      js: "import{createRequire as __authrimRequire}from'node:module';const require=__authrimRequire(import.meta.url);",
    },
    write: false,
    legalComments: 'none',
    logLevel: 'warning',
  })
  // Chunk names carry hashes: what an earlier build left behind would be published too.
  rmSync(join(root, 'dist/cli'), { recursive: true, force: true })
  for (const { path, contents } of outputFiles) {
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, contents)
  }
  return outputFiles.reduce((sum, { contents }) => sum + contents.byteLength, 0)
}

function printTable(rows: readonly (readonly string[])[]): void {
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? []
  for (const row of rows) {
    const cells = row.map((cell, column) =>
      column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0),
    )
    console.log(`  ${cells.join('  ')}`)
  }
}

async function main(): Promise<void> {
  const names = publishedWorkers.filter((worker) => hasSource(worker, root))
  const workers = names.length > 0 ? await buildWorkers(names) : undefined
  if (workers) printTable([['worker', 'raw', 'gzip', 'budget', 'used'], ...sizeRows(workers.workers)])
  const missing = publishedWorkers.filter((worker) => !names.includes(worker))
  if (missing.length > 0) {
    console.error(`  no sources of ${missing.join(', ')}`)
    process.exitCode = 1
  }
  if (existsSync(join(root, 'cli/main.ts'))) console.log(`  authrim ${version}: dist/cli, ${kib(await buildCommand())}`)
  console.log(`  built in ${((performance.now() - started) / 1000).toFixed(1)} s`)
  if (workers?.overBudget) {
    console.error('  A bundle is over its budget (shared/topology.ts).')
    process.exitCode = 1
  }
}

try {
  await main()
} catch (error) {
  // esbuild has printed its own errors with the lines they are in.
  const printed = error instanceof Error && 'errors' in error
  if (!printed && !(error instanceof BundleError)) throw error
  if (!printed) console.error(error.message)
  process.exitCode = 1
}
