import type { Reporter, TestModule } from 'vitest/node'

/** Ends the run with one line that a script can read: `12 passed, 0 failed`. */
export default class TotalsReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly unknown[]): void {
    let passed = 0
    let failed = errors.length
    for (const module of modules) {
      for (const test of module.children.allTests()) {
        const { state } = test.result()
        if (state === 'passed') passed++
        if (state === 'failed') failed++
      }
      // A file that does not load has no tests that could fail.
      failed += module.errors().length
    }
    process.on('exit', () => console.log(`${passed} passed, ${failed} failed`))
  }
}
