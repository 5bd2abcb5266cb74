/** `npm run check`: types, lint with import boundaries, format, unused code and generated pages, at the same time. */
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { authrimPackage } from '../cli/bundle/package-root.ts'

const { root } = authrimPackage()

interface Check {
  readonly name: string
  /** A script, from node_modules, and its arguments. */
  readonly command: readonly string[]
  /** What to type when it fails. */
  readonly fix?: string
}

const checks: readonly Check[] = [
  { name: 'types: command and tools', command: ['typescript/bin/tsc', '-p', 'tsconfig.json'] },
  { name: 'types: Workers', command: ['typescript/bin/tsc', '-p', 'tsconfig.workers.json'] },
  { name: 'lint and import boundaries', command: ['oxlint/bin/oxlint', '--format=unix'] },
  { name: 'format', command: ['oxfmt/bin/oxfmt', '--list-different'], fix: 'npx oxfmt' },
  { name: 'unused files, exports, packages', command: ['knip/bin/knip.js', '--no-progress', '--reporter=compact'] },
  {
    name: 'conformance page and rows',
    command: ['../scripts/conformance.ts', '--check'],
    fix: 'npm run conformance',
  },
  {
    name: 'pages of the commands',
    command: ['../scripts/command-pages.ts', '--check'],
    fix: 'npm run command-pages',
  },
]

interface Outcome {
  readonly passed: boolean
  readonly output: string
  readonly seconds: number
}

function run([script = '', ...args]: readonly string[]): Promise<Outcome> {
  const started = performance.now()
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [join(root, 'node_modules', script), ...args], {
      cwd: root,
      env: { ...process.env, NO_COLOR: '1' },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let output = ''
    const collect = (chunk: Buffer) => (output += chunk.toString())
    child.stdout.on('data', collect)
    child.stderr.on('data', collect)
    child.once('error', reject)
    child.once('close', (code) => {
      resolve({ passed: code === 0, output: output.trim(), seconds: (performance.now() - started) / 1000 })
    })
  })
}

const outcomes = await Promise.all(checks.map(async (check) => ({ ...check, ...(await run(check.command)) })))

for (const { name, passed, seconds } of outcomes) {
  console.log(`  ${passed ? '✔' : '✖'} ${name.padEnd(32)} ${seconds.toFixed(1)} s`)
}
for (const { name, output, fix } of outcomes.filter(({ passed }) => !passed)) {
  console.error(`\n${name}${fix ? ` (${fix})` : ''}\n${output.replaceAll(/^/gm, '  ')}`)
  process.exitCode = 1
}
