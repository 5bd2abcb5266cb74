import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import { authrimPackage } from '../../cli/bundle/package-root.ts'
import { publishedWorkers } from '../../shared/topology.ts'

const { root } = authrimPackage()

describe('a Worker handled from its own folder', () => {
  test.each(publishedWorkers)('%s has the scripts build, dev and deploy', (worker) => {
    const { scripts } = JSON.parse(readFileSync(join(root, 'workers', worker, 'package.json'), 'utf8'))
    expect(scripts).toEqual({
      prebuild: 'node ../../scripts/ensure-deps.mjs',
      build: `node ../../bin/authrim.js build ${worker}`,
      predev: 'node ../../scripts/ensure-deps.mjs',
      dev: 'node ../../bin/authrim.js dev --cwd ../..',
      deploy: `node ../../bin/authrim.js deploy --only ${worker} --cwd ../..`,
    })
  })

  test('npm run build shows its size against its budget', async () => {
    const cwd = join(root, 'workers/op-userinfo')
    const { stdout } = await promisify(execFile)('npm', ['run', '--silent', 'build'], { cwd })
    expect(stdout).toMatch(/^op-userinfo\t[\d.]+ KiB\t[\d.]+ KiB\t20\.0 KiB\t/)
  })
})
