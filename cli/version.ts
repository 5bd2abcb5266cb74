import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { authrimPackage } from './bundle/package-root.ts'

/** The release of authrim that runs. */
export function packageVersion(): string {
  return authrimPackage().version
}

/** The version of an installed dependency; undefined when it is not there. */
export function dependencyVersion(name: string): string | undefined {
  try {
    const path = createRequire(import.meta.url).resolve(`${name}/package.json`)
    const manifest: unknown = JSON.parse(readFileSync(path, 'utf8'))
    if (typeof manifest !== 'object' || manifest === null || !('version' in manifest)) return undefined
    return typeof manifest.version === 'string' ? manifest.version : undefined
  } catch {
    return undefined
  }
}
