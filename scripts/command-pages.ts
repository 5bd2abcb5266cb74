/**
 * `npm run command-pages` writes docs/commands: a page for each command, from the very definitions that parse the
 * command line. With `--check` it writes nothing and fails when a page is not current.
 */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { authrimPackage } from '../cli/bundle/package-root.ts'
import { buildProgram, commandNames } from '../cli/program.ts'
import { commandPage, indexPage } from './command-page.ts'

const folder = join(authrimPackage().root, 'docs/commands')

const program = await buildProgram(commandNames, () => {
  throw new Error('no command runs here')
})
const commands = program.commands.filter((command) => commandNames.includes(command.name()))
const pages = new Map([
  ['README.md', indexPage(program, commands)],
  ...commands.map((command) => [`${command.name()}.md`, commandPage(command)] as const),
])

if (process.argv.includes('--check')) {
  const stale = [...pages].filter(([name, text]) => currentText(name) !== text).map(([name]) => name)
  const foreign = pageNames().filter((name) => !pages.has(name))
  for (const name of [...stale, ...foreign]) console.error(`docs/commands/${name} is not current`)
  if (stale.length + foreign.length > 0) process.exitCode = 1
} else {
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  for (const [name, text] of pages) writeFileSync(join(folder, name), text)
  console.log(`${pages.size} pages in docs/commands`)
}

function pageNames(): string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}

function currentText(name: string): string | undefined {
  return pageNames().includes(name) ? readFileSync(join(folder, name), 'utf8') : undefined
}
