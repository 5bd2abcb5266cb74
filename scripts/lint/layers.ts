import { dirname, posix } from 'node:path'

interface Layer {
  /** Path prefix of the files it is about; the first layer that fits counts. */
  readonly prefix: string
  /** Path prefixes it may import, besides its own. */
  readonly files: readonly string[]
  /** Packages it may import; absent: any. `node:` and `cloudflare:` modules are packages. */
  readonly packages?: readonly string[]
}

/** Who may import what. */
const layers: readonly Layer[] = [
  { prefix: 'shared/topology.ts', files: [], packages: [] },
  { prefix: 'shared/config', files: ['shared/topology.ts'], packages: ['valibot'] },
  // Password hashing is arithmetic, as pure as the rest, and no other library has what production permits.
  { prefix: 'shared/protocol/password-hash', files: [], packages: ['node:buffer', 'node:crypto'] },
  { prefix: 'shared/protocol/', files: ['shared/topology.ts'], packages: ['jose', 'valibot'] },
  // The guard of outgoing requests stands alone, so that objects which send from an alarm can use it.
  { prefix: 'shared/http/outbound.ts', files: [], packages: [] },
  {
    prefix: 'shared/stores/',
    files: ['shared/protocol/', 'shared/topology.ts', 'shared/http/outbound.ts'],
    packages: ['jose', 'valibot', 'cloudflare:workers', '@cloudflare/workers-types', 'node:crypto'],
  },
  { prefix: 'shared/keys/', files: ['shared/protocol/', 'shared/stores/', 'shared/topology.ts'] },
  { prefix: 'shared/', files: ['shared/'] },
  { prefix: 'cli/embedded-cloudflare/', files: [] },
  { prefix: 'cli/demo/', files: ['cli/ui/', 'cli/error.ts'] },
  { prefix: 'cli/', files: ['shared/topology.ts', 'shared/config'] },
  { prefix: 'bin/', files: ['cli/', 'dist/'] },
]

function layerOf(file: string): Layer | undefined {
  const worker = /^workers\/[^/]+\//.exec(file)?.[0]
  // A Worker has itself and shared/; code that a second one needs moves to shared/.
  if (worker) return { prefix: worker, files: ['shared/'] }
  return layers.find(({ prefix }) => file.startsWith(prefix))
}

/** Why a file may not import this, in words; undefined when it may. Paths are relative to the repository. */
export function importProblem(file: string, specifier: string): string | undefined {
  const layer = layerOf(file)
  if (!layer || isTest(file)) return undefined
  if (specifier.startsWith('.')) {
    const target = posix.normalize(posix.join(dirname(file), specifier))
    if ([layer.prefix, ...layer.files].some((prefix) => target.startsWith(prefix))) return undefined
    return `${layer.prefix} may import ${layer.files.join(', ') || 'nothing but itself'}; not ${target}`
  }
  const name = packageName(specifier)
  if (!layer.packages || layer.packages.includes(name)) return undefined
  return `${layer.prefix} may import the packages ${layer.packages.join(', ') || '(none)'}; not ${name}`
}

/** `@scope/name/deep` is of the package `@scope/name`, `hono/jsx` of `hono`. */
function packageName(specifier: string): string {
  if (/^(node|cloudflare):/.test(specifier)) return specifier
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/')
}

/** Tests and the suites they share may use any double or framework. */
export function isTest(file: string): boolean {
  return /\.test\.tsx?$|\/conformance\.ts$|^tests\//.test(file)
}
