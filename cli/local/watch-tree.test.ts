import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { watchTree } from './watch-tree.ts'

test('a change is told however the file is written, in new folders too', async () => {
  const root = mkdtempSync(join(tmpdir(), 'authrim-watch-'))
  mkdirSync(join(root, 'a/b'), { recursive: true })
  const file = join(root, 'a/b/file.ts')
  writeFileSync(file, '0')
  let changes = 0
  const stop = watchTree([root], () => changes++)
  const told = async (change: () => void) => {
    await new Promise((resolve) => setTimeout(resolve, 30))
    changes = 0
    change()
    await expect.poll(() => changes).toBeGreaterThan(0)
  }
  await told(() => writeFileSync(file, '1'))
  for (const text of ['2', '3']) {
    await told(() => {
      writeFileSync(`${file}.tmp`, text)
      renameSync(`${file}.tmp`, file)
    })
    await told(() => writeFileSync(file, `${text}!`))
  }
  await told(() => mkdirSync(join(root, 'new')))
  await told(() => writeFileSync(join(root, 'new/file.ts'), ''))
  await told(() => rmSync(join(root, 'new'), { recursive: true }))
  stop()
  rmSync(root, { recursive: true })
})
