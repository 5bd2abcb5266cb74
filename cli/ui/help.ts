import type { Command } from 'commander'

const examples = new WeakMap<Command, string>()

/** Gives a command its example, which its own help and that of its parent show. */
export function withExample(command: Command, example: string): Command {
  examples.set(command, example)
  return command
}

/** Adds to a command's help its example, or those of its verbs. */
export function showExamples(command: Command): Command {
  return command.addHelpText('after', () => {
    const shown = command.commands.length > 0 ? command.commands : [command]
    const lines = shown.flatMap((one) => examples.get(one) ?? [])
    if (lines.length === 0) return ''
    return `\n${lines.length === 1 ? 'Example' : 'Examples'}:\n${lines.map((line) => `  ${line}`).join('\n')}`
  })
}

/** A verb of a noun, with one example. */
export function verb(noun: Command, usage: string, summary: string, example: string): Command {
  return showExamples(withExample(noun.command(usage).description(summary), example))
}

/** An option that may be given several times. */
export function collect(value: string, former: string[] | undefined): string[] {
  return [...(former ?? []), value]
}
