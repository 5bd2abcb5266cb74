import { type Command, CommanderError } from 'commander'
import kleur from 'kleur'
import { type Context, processContext } from './context.ts'
import { CliError, usageError } from './error.ts'
import { buildProgram, commandNames, isCommand } from './program.ts'
import { tolerateClosedOutput } from './ui/closed-output.ts'
import { Report } from './ui/report.ts'

const OPTIONS_WITH_VALUE = ['--env', '--cwd']

/** Runs the command; sets the process's exit status. */
export async function main(argv: readonly string[]): Promise<void> {
  tolerateClosedOutput([process.stdout, process.stderr])
  try {
    await run(argv)
  } catch (error) {
    const failure = await asFailure(error)
    if (failure === undefined) return
    new Report({ out: process.stdout, err: process.stderr, json: saysJson(argv) }).failure(failure)
    process.exitCode = failure.exitCode
  }
}

async function run(argv: readonly string[]): Promise<void> {
  if (argv.includes('--no-color')) kleur.enabled = false
  const [first, second] = operands(argv)
  const named = first === 'help' ? second : first
  if (named !== undefined && !isCommand(named)) throw unknownCommand(named)
  const details = named === 'completion' ? commandNames : named === undefined ? [] : [named]
  const program = await buildProgram(details, contextOf)
  if (first === undefined) {
    program.action(async () => {
      const { nextSteps, versions } = await import('./commands/none.ts')
      return program.opts()['version'] === true ? versions(contextOf(program)) : nextSteps(contextOf(program))
    })
  }
  await program.parseAsync(argv, { from: 'user' })
}

function contextOf(program: Command): Context {
  return processContext(program.opts())
}

/** The words that are neither options nor their values, as far as options are known before a command is. */
function operands(argv: readonly string[]): string[] {
  return argv.filter((word, i) => !word.startsWith('-') && !OPTIONS_WITH_VALUE.includes(argv[i - 1] ?? '')).slice(0, 2)
}

function unknownCommand(name: string): CliError {
  const near = commandNames.find((command) => command.startsWith(name.slice(0, 3)))
  return usageError(`There is no command ${name}.`, near ? `Did you mean: authrim ${near}` : 'See: authrim --help')
}

function saysJson(argv: readonly string[]): boolean {
  return argv.includes('--json')
}

/** What to tell; undefined when everything was said, as after --help. */
async function asFailure(error: unknown): Promise<CliError | undefined> {
  if (error instanceof CliError) return error
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return undefined
    if (error.code === 'commander.help') return usageError('A command is missing.', 'The help above lists them.')
    return usageError(sentence(error.message), 'See: authrim --help')
  }
  const { fileFailure } = await import('./file-failure.ts')
  const { bugReport } = await import('./ui/bug-report.ts')
  return fileFailure(error) ?? bugReport(error)
}

function sentence(message: string): string {
  const text = message.replace(/^error: /, '')
  return text.charAt(0).toUpperCase() + text.slice(1)
}
