import { readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { defineConfig, type Plugin } from 'vitest/config'

/** Style sheets and browser scripts that a Worker serves are imported as text, as in its bundle. */
const assetText: Plugin = {
  name: 'asset-text',
  enforce: 'pre',
  load(id) {
    if (!/\.css$|\.client\.js$|\.txt$/.test(id) || id.includes('/node_modules/')) return undefined
    return { code: `export default ${JSON.stringify(readFileSync(id, 'utf8'))}`, moduleType: 'js' }
  },
}

export default defineConfig({
  plugins: [assetText],
  // As in the bundles (cli/bundle/worker-bundle.ts).
  resolve: {
    alias: [
      { find: /^hono\/jsx\/jsx-(dev-)?runtime$/, replacement: `${import.meta.dirname}/shared/pages/jsx-runtime.ts` },
    ],
  },
  oxc: { jsx: { runtime: 'automatic', importSource: 'hono/jsx' } },
  test: {
    // Twice the two cores of CI: a system test often waits for workerd, wrangler or a browser.
    maxWorkers: 4,
    // Loading miniflare and vitest again for each file took a tenth of the whole run.
    isolate: false,
    maxConcurrency: 2,
    // Half of what a short command costs is reading its code.
    env: { NODE_COMPILE_CACHE: join(tmpdir(), 'authrim-test-compile-cache') },
    teardownTimeout: 20_000,
    reporters: ['default', './scripts/totals-reporter.ts'],
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['{cli,shared,workers,scripts}/**/*.test.{ts,tsx}'],
          testTimeout: 10_000,
          hookTimeout: 30_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'system',
          include: ['tests/**/*.test.{ts,tsx}'],
          testTimeout: 30_000,
          hookTimeout: 90_000,
        },
      },
    ],
  },
})
