import type { WorkerName } from '../../shared/topology.ts'
import { BundleError } from './bundle-error.ts'
import { measure, type WorkerBundle } from './worker-bundle.ts'

/** Workers with a library, @xmldom/xmldom, that makes objects of functions and reads their `this`: no arrows there. */
const withoutArrows: ReadonlySet<WorkerName> = new Set(['op-saml'])

/**
 * Makes a bundle smaller than the bundler alone can: several passes over the whole file. Takes a second, so only what
 * is published goes through it.
 */
export async function squeeze({ worker, code }: WorkerBundle): Promise<WorkerBundle> {
  const { minify } = await import('terser')
  const arrows = !withoutArrows.has(worker)
  const { code: squeezed } = await minify(new TextDecoder().decode(code), {
    module: true,
    ecma: 2020,
    compress: { passes: 3, ecma: 2020, unsafe_arrows: arrows, lhs_constants: false },
    mangle: { toplevel: true },
    format: { comments: false, ecma: 2020 },
  })
  if (squeezed === undefined) throw new BundleError(`${worker} gave no output`, 'npm run build')
  return measure(worker, new TextEncoder().encode(squeezed))
}
