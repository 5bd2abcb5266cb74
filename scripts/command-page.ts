import type { Command, Help } from 'commander'
import { exitStatuses } from '../cli/manual.ts'
import { examplesOf, manualOf } from '../cli/ui/help.ts'

/** The page of a command: its manual, and a section for each of its verbs. */
export function commandPage(command: Command): string {
  const manual = manualOf(command)
  if (!manual) throw new Error(`cli/manual.ts says nothing of ${command.name()}`)
  const path = `authrim ${command.name()}`
  const verbs = visibleVerbs(command)
  return page([
    `# ${path}`,
    capital(command.summary()),
    code([usageOf(command)]),
    ...manual.text,
    ...(verbs.length === 0 ? options(command, '##') : verbs.flatMap((verb) => verbSection(verb))),
    ...definitions('## Exit status', manual.exit),
    ...definitions('## Files', manual.files),
    ...definitions('## Environment variables', manual.variables),
    ...(verbs.length === 0 ? ['## Example', code(examplesOf(command))] : []),
    ...(manual.seeAlso ? ['## See also', manual.seeAlso.map((name) => link(name)).join(', ')] : []),
    'Every command also takes the [options of authrim](README.md#options-of-every-command).',
  ])
}

/** All commands, the options that each of them takes, and what statuses mean. */
export function indexPage(program: Command, commands: readonly Command[]): string {
  return page([
    '# Commands',
    'Each page is made from the definitions that parse the command line; `authrim help <command>` shows the same.',
    table(
      ['command', 'does'],
      commands.map((command) => [`[\`authrim ${command.name()}\`](${command.name()}.md)`, command.summary()]),
    ),
    '## Options of every command',
    'They work before or after the command.',
    table(
      ['option', 'means'],
      helpOf(program)
        .visibleOptions(program)
        .map(({ flags, description }) => [`\`${flags}\``, description]),
    ),
    ...definitions('## Exit status', exitStatuses),
  ])
}

/** @param path the words before it, where its parent is a verb itself. */
function verbSection(verb: Command, path = ''): string[] {
  const name = `${path}${verb.name()}`
  const verbs = visibleVerbs(verb)
  if (verbs.length > 0) return verbs.flatMap((each) => verbSection(each, `${name} `))
  return [
    `## ${name}`,
    capital(verb.description()),
    code([usageOf(verb)]),
    ...options(verb, undefined),
    'Example:',
    code(examplesOf(verb)),
  ]
}

function options(command: Command, heading: string | undefined): string[] {
  const help = helpOf(command)
  const given = help.visibleArguments(command)
  const taken = help.visibleOptions(command).filter(({ long }) => long !== '--help')
  const rows = [
    ...given.map((argument) => [`\`${argument.name()}\``, help.argumentDescription(argument)]),
    ...taken.map((option) => [`\`${option.flags}\``, help.optionDescription(option)]),
  ].filter(([, meaning]) => meaning !== '')
  if (rows.length === 0) return []
  return [...(heading === undefined ? [] : [`${heading} Options`]), table(['option', 'means'], rows)]
}

function visibleVerbs(command: Command): Command[] {
  return helpOf(command)
    .visibleCommands(command)
    .filter((verb) => verb.name() !== 'help')
}

function definitions(heading: string, terms: Readonly<Record<string, string>> | undefined): string[] {
  if (!terms) return []
  const rows = Object.entries(terms).map(([term, meaning]) => [`\`${term}\``, meaning])
  return [heading, table(['', ''], rows)]
}

function link(name: string): string {
  const [, command = ''] = name.split(' ')
  return `[\`${name}\`](${command}.md)`
}

function usageOf(command: Command): string {
  return helpOf(command).commandUsage(command)
}

function helpOf(command: Command): Help {
  return command.createHelp()
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
}

function code(lines: readonly string[]): string {
  return ['```sh', ...lines, '```'].join('\n')
}

function capital(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`
}

function page(parts: readonly string[]): string {
  return `${parts.join('\n\n')}\n`
}
