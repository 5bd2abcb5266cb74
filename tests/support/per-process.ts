import type { Browser } from 'playwright-core'
import type { System } from './system.ts'

declare global {
  /** Modules are evaluated anew for each test file, so what files share is kept here. */
  var perProcess: { browser?: Promise<Browser>; system?: Promise<System> } | undefined
}

/** What the test files that run in this process, one after another, have started for all of them. */
export function perProcess(): NonNullable<typeof globalThis.perProcess> {
  return (globalThis.perProcess ??= {})
}
