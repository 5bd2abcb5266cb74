import { Argument, type Command } from 'commander'
import { usageError } from '../error.ts'
import type { DefineCommand } from '../program.ts'

/** What may follow the words that lead to a command. */
interface Level {
  /** `keys rotate`; empty for authrim itself. */
  readonly path: string
  readonly words: readonly { readonly word: string; readonly about: string }[]
}

const scripts: Readonly<Record<string, (levels: readonly Level[]) => string>> = { bash, zsh, fish }

export const define: DefineCommand = (command, context) => {
  command.addArgument(new Argument('<shell>', 'bash, zsh or fish')).action((shell: string) => {
    const script = Object.hasOwn(scripts, shell) ? scripts[shell] : undefined
    if (!script) throw usageError(`There is no completion for ${shell}.`, 'Shells: bash, zsh, fish')
    let root = command
    while (root.parent) root = root.parent
    context().report.answer({ script: script(levelsOf(root)) }, () => [script(levelsOf(root))])
  })
}

/** The grammar as completion needs it, from the very definitions that parse the command line. */
export function levelsOf(command: Command, path: readonly string[] = []): Level[] {
  const help = command.createHelp()
  const own = help.visibleOptions(command)
  const inherited = path.length > 0 ? help.visibleGlobalOptions(command) : []
  const children = help.visibleCommands(command).filter((child) => child.name() !== 'help')
  const words = [
    ...children.map((child) => ({ word: child.name(), about: help.subcommandDescription(child) })),
    ...[...own, ...inherited].map((option) => ({ word: option.long ?? option.flags, about: option.description })),
  ]
  return [{ path: path.join(' '), words }, ...children.flatMap((child) => levelsOf(child, [...path, child.name()]))]
}

/** Commands whose verbs have verbs of their own, between bars. */
function nested(levels: readonly Level[]): string {
  const parents = levels.flatMap(({ path }) => /^(\S+ \S+) \S+$/.exec(path)?.[1] ?? [])
  return `|${[...new Set(parents)].join('|')}|`
}

function bash(levels: readonly Level[]): string {
  const cases = levels.map(({ path, words }) => `    '${path}') words='${words.map(({ word }) => word).join(' ')}' ;;`)
  return `# authrim completion for bash. Use: source <(authrim completion bash)
_authrim() {
  local current="\${COMP_WORDS[COMP_CWORD]}" path='' words='' word i
  for ((i = 1; i < COMP_CWORD; i++)); do
    word="\${COMP_WORDS[i]}"
    case "$word" in
      --env|--cwd) ((i++)) ;;
      -*) ;;
      *) if [[ \${#path} -eq 0 ]]; then path="$word"; elif [[ "$path" != *' '* || '${nested(levels)}' == *"|$path|"* ]]; then path="$path $word"; fi ;;
    esac
  done
  while :; do
    case "$path" in
${cases.map((line) => `  ${line}`).join('\n')}
    esac
    [[ -n "$words" || "$path" != *' '* ]] && break
    path="\${path% *}"
  done
  [[ -z "$words" ]] && COMPREPLY=() && return
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o default -F _authrim authrim`
}

function zsh(levels: readonly Level[]): string {
  const cases = levels.map(
    ({ path, words }) =>
      `    '${path}') entries=(${words.map(({ word, about }) => quoted(`${word}:${about.replaceAll(':', '\\:')}`)).join(' ')}) ;;`,
  )
  return `#compdef authrim
# authrim completion for zsh. Use: source <(authrim completion zsh)
_authrim() {
  local -a entries plain
  local word
  integer i
  for ((i = 2; i < CURRENT; i++)); do
    word="\${words[i]}"
    case "$word" in
      --env|--cwd) ((i++)) ;;
      -*) ;;
      *) (( \${#plain} < 2 )) || [[ '${nested(levels)}' == *"|\${plain[*]}|"* ]] && plain+=("$word") ;;
    esac
  done
  case "\${plain[*]}" in
${cases.join('\n')}
    *) case "\${plain[1]}" in
${levels
  .filter(({ path }) => path !== '' && !path.includes(' '))
  .map(({ path }) => `      '${path}') _files; return ;;`)
  .join('\n')}
    esac ;;
  esac
  (( \${#entries} )) && _describe authrim entries || _files
}
(( $+functions[compdef] )) && compdef _authrim authrim`
}

function fish(levels: readonly Level[]): string {
  const lines = levels.flatMap(({ path, words }) =>
    words.map(({ word, about }) => {
      const option = word.startsWith('--') ? `-l ${word.slice(2)}` : `-f -a ${word}`
      return `complete -c authrim -n ${quoted(`__authrim_at "${path}"`)} ${option} -d ${quoted(about)}`
    }),
  )
  return `# authrim completion for fish. Use: authrim completion fish | source
function __authrim_at
  set -l plain
  set -l skip 0
  for word in (commandline -opc)[2..-1]
    if test $skip -eq 1
      set skip 0
    else if contains -- $word --env --cwd
      set skip 1
    else if not string match -q -- '-*' $word; and begin; test (count $plain) -lt 2; or string match -q -- "*|$plain|*" '${nested(levels)}'; end
      set -a plain $word
    end
  end
  test "$plain" = "$argv[1]"
end
${lines.join('\n')}`
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`
}
