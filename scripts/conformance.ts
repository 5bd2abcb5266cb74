/**
 * `npm run conformance` writes docs/conformance.md: every requirement with the tests whose names carry its id, or the
 * reason why there is none. With `--check` it writes nothing and fails when the page is not current or a row is open.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as v from 'valibot'
import { authrimPackage } from '../cli/bundle/package-root.ts'
import { conformancePage } from './conformance-page.ts'
import { namedTests } from './conformance-tests.ts'

const Rows = v.object({
  groups: v.array(
    v.object({
      title: v.string(),
      rows: v.array(
        v.strictObject({
          id: v.string(),
          requirement: v.string(),
          source: v.string(),
          worker: v.string(),
          /** Why it has no test yet. */
          later: v.optional(v.string()),
        }),
      ),
    }),
  ),
})

const { root } = authrimPackage()
const file = join(root, 'docs/conformance.md')
const { groups } = v.parse(Rows, JSON.parse(readFileSync(join(root, 'docs/conformance-rows.json'), 'utf8')))
const { page, open } = conformancePage(groups, namedTests(root))

if (process.argv.includes('--check')) {
  for (const id of open) console.error(`${id} has neither a test nor a reason in docs/conformance-rows.json`)
  const isCurrent = readIfThere(file) === page
  if (!isCurrent) console.error('docs/conformance.md is not current')
  if (open.length > 0 || !isCurrent) process.exitCode = 1
} else {
  writeFileSync(file, page)
  console.log(open.length === 0 ? 'every row has a test or a reason' : `without test or reason: ${open.join(', ')}`)
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}
