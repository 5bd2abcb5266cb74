import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** A test as its name introduces it. */
export interface NamedTest {
  readonly ids: readonly string[]
  /** What the name says after the ids. */
  readonly says: string
  /** From the root of the repository. */
  readonly file: string
}

/** `B-26`, `attack O1`, `fault F26`. */
const id = String.raw`(?:[A-Z]{1,3}-\d{2}|attack [A-Z]\d{1,2}|fault F\d{1,2})`

/**
 * A string that begins with ids where a test, a suite or a table of tests takes its name: after a parenthesis, or
 * consisting of ids alone as the first cell of a row.
 */
const names = new RegExp(
  String.raw`(?:\(\s*(['"\`])(?:%s )?(${id}(?:[ ,:]+${id})*)\b[,:]?\s*((?:(?!\1).)*)\1|\[\s*'(${id}(?: ${id})*)')`,
  'g',
)

/** Every test of the repository whose name carries an id, in the order of files and lines. */
export function namedTests(root: string): NamedTest[] {
  return globSync('{cli,scripts,shared,tests,workers}/**/*.test.{ts,tsx}', { cwd: root })
    .toSorted()
    .flatMap((file) => testsOf(file, readFileSync(join(root, file), 'utf8')))
}

/** The named tests of one file. */
export function testsOf(file: string, text: string): NamedTest[] {
  return [...text.matchAll(names)].map(([, , ids = '', says = '', cell = '']) => ({
    ids: [...(ids || cell).matchAll(new RegExp(id, 'g'))].map(([match]) => match),
    says: says.replaceAll(/\$\{[^}]*\}|%[sji]/g, '…'),
    file,
  }))
}
