import { basename } from 'node:path'
import type { Plugin } from 'esbuild'

interface Part {
  /** Where the module ends up in node_modules. */
  readonly module: string
  /** Exports in the place of the module's own; its others stay what they are. */
  readonly instead: string
}

const parts: readonly Part[] = [
  // Applications mounted in one another.
  { module: 'hono/dist/utils/mount.js', instead: refusing('createMountedRequest') },
  // Forms are read by shared/http/form.ts, which refuses repeated parameters.
  { module: 'hono/dist/utils/body.js', instead: refusing('parseBody') },
  // Pages are text when they are given to the context.
  { module: 'hono/dist/utils/html.js', instead: refusing('resolveCallback') },
  // The runtime reads a query as well. Nobody reads all values of a repeated parameter.
  {
    module: 'hono/dist/utils/url.js',
    instead: `${refusing('getQueryParams')}
      export const getQueryParam = (url, name) => new URL(url).searchParams.get(name) ?? undefined`,
  },
  // Nothing is encrypted: jose itself then says that it knows no such algorithm.
  { module: 'jose/dist/webapi/lib/jwe_algorithms.js', instead: 'export const JWE = { __proto__: null }' },
  // Keys are imported before they are used. What a key may be used for is checked by jose in the step after this one.
  {
    module: 'jose/dist/webapi/lib/key.js',
    instead: `export async function prepareKey(entry, key) {
      if (key instanceof CryptoKey) return key
      throw new TypeError('prepareKey of jose is left out of bundles: import the key first')
    }`,
  },
  // The runtime does both.
  {
    module: 'jose/dist/webapi/lib/buffer_utils.js',
    instead: `const alphabet = (url) => (url ? 'base64url' : 'base64')
      export const encodeBase64 = (bytes, url) => bytes.toBase64({ alphabet: alphabet(url), omitPadding: url })
      export const decodeBase64 = (text, url) => Uint8Array.fromBase64(text, { alphabet: alphabet(url) })`,
  },
]

function refusing(name: string): string {
  return `export function ${name}() { throw new Error('${name} of hono is left out of bundles') }`
}

/**
 * Leaves out what of Hono and jose no Worker reaches and no bundler can find unreached, since it hangs on a class, a table or
 * the type of an argument. A call fails by name. A release that moves it makes the bundles larger and breaks nothing; one
 * that changes what a part is for fails cli/bundle/unreached-parts.test.ts.
 */
export const unreachedParts: Plugin = {
  name: 'unreached-parts',
  setup(build) {
    build.onLoad({ filter: /[\\/](hono|jose)[\\/]dist[\\/]/ }, ({ path, suffix }) => {
      const part = parts.find(({ module }) => path.replaceAll('\\', '/').endsWith(`/node_modules/${module}`))
      // The module itself is the one with the suffix. An own export has precedence over one from elsewhere.
      if (!part || suffix === '?whole') return undefined
      return { contents: `export * from './${basename(path)}?whole'\n${part.instead}`, loader: 'js' }
    })
  },
}
