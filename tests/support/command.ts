import { cpSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { authrimPackage } from '../../cli/bundle/package-root.ts'

/** Whether what `npm run build` made is tested, as in `npm test`, or the sources as they are now. */
export const publishedTested = process.env['AUTHRIM_BUNDLES'] === 'dist'

/** The parts of the repository that make a command: those of the package, or its sources. */
export const commandParts = publishedTested
  ? (['bin', 'dist', 'templates', 'package.json'] as const)
  : (['bin', 'cli', 'shared', 'templates', 'package.json'] as const)

/** The script to run with Node for `authrim`. */
export const commandScript = publishedTested ? publishedScript() : join(authrimPackage().root, 'bin/authrim.js')

/** Beside sources bin/authrim.js prefers them, so the published command needs a place without. */
function publishedScript(): string {
  const { root } = authrimPackage()
  const folder = mkdtempSync(join(tmpdir(), 'authrim-command-'))
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
  cpSync(join(root, 'bin'), join(folder, 'bin'), { recursive: true })
  for (const part of ['dist', 'node_modules', 'package.json']) symlinkSync(join(root, part), join(folder, part))
  return join(folder, 'bin/authrim.js')
}
