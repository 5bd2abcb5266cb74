import type { Plugin } from 'esbuild'

/**
 * Leaves out what of Hono no Worker calls and no bundler can find unused, since it hangs on a class: applications mounted in
 * one another, and Hono's reading of forms (ours refuses repeated parameters, shared/http/form.ts). A call fails by name.
 */
export const unusedFrameworkParts: Plugin = {
  name: 'unused-framework-parts',
  setup(build) {
    const left = [
      { filter: /[\\/]hono[\\/]dist[\\/]utils[\\/]mount\.js$/, part: 'createMountedRequest' },
      { filter: /[\\/]hono[\\/]dist[\\/]utils[\\/]body\.js$/, part: 'parseBody' },
    ]
    for (const { filter, part } of left) {
      const contents = `export function ${part}() { throw new Error('${part} of hono is left out of bundles') }`
      build.onLoad({ filter }, () => ({ contents, loader: 'js' }))
    }
  },
}
