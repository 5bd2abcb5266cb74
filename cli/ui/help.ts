import type { Command } from 'commander'
import type { Manual } from '../manual.ts'

const examples = new WeakMap<Command, string>()
const manuals = new WeakMap<Command, Manual>()

/** Gives a command its example, which its own help and that of its parent show. */
export function withExample(command: Command, example: string): Command {
  examples.set(command, example)
  return command
}

/** The examples of a command's verbs, or its own where it has none. */
export function examplesOf(command: Command): string[] {
  const shown = command.commands.length > 0 ? command.commands : [command]
  return shown.flatMap((one) => examples.get(one) ?? [])
}

/** Adds to a command's help its example, or those of its verbs. */
export function showExamples(command: Command): Command {
  return command.addHelpText('after', () => {
    const lines = examplesOf(command)
    return lines.length === 0 ? '' : section(lines.length === 1 ? 'Example' : 'Examples', lines)
  })
}

/** Makes a command's help its manual: what it does, its statuses, files and variables, examples, and what is near. */
export function showManual(command: Command, manual: Manual | undefined): Command {
  if (!manual) return showExamples(command)
  manuals.set(command, manual)
  const summary = command.description()
  command.summary(summary).description([summary, ...manual.text].join('\n\n'))
  command.addHelpText('after', () =>
    [
      definitions(command, 'Exit status', manual.exit),
      definitions(command, 'Files', manual.files),
      definitions(command, 'Environment variables', manual.variables),
    ]
      .filter(Boolean)
      .join('\n'),
  )
  showExamples(command)
  return command.addHelpText('after', () => (manual.seeAlso ? section('See also', [manual.seeAlso.join(', ')]) : ''))
}

/** The manual that a command was given. */
export function manualOf(command: Command): Manual | undefined {
  return manuals.get(command)
}

function section(title: string, lines: readonly string[]): string {
  return `\n${title}:\n${lines.map((line) => `  ${line}`).join('\n')}`
}

/** Terms with what they mean, wrapped as options are. */
function definitions(command: Command, title: string, terms: Readonly<Record<string, string>> | undefined): string {
  if (!terms) return ''
  const help = command.createHelp()
  help.prepareContext({ helpWidth: command.configureHelp().helpWidth ?? 80 })
  const width = Math.min(30, Math.max(...Object.keys(terms).map((term) => term.length)))
  const lines = Object.entries(terms).map(([term, meaning]) => help.formatItem(term, width, meaning, help))
  return `\n${title}:\n${lines.join('\n')}`
}

/** A verb of a noun, with one example. */
export function verb(noun: Command, usage: string, summary: string, example: string): Command {
  return showExamples(withExample(noun.command(usage).description(summary), example))
}

/** An option that may be given several times. */
export function collect(value: string, former: string[] | undefined): string[] {
  return [...(former ?? []), value]
}
