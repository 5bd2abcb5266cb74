import { Command, Option } from 'commander'
import type { Context } from './context.ts'
import { showExamples, showManual, withExample } from './ui/help.ts'

/** Defines the verbs and options of a command; its file is loaded only when it is typed. */
export type DefineCommand = (command: Command, context: () => Context) => void

interface LazyCommand {
  readonly summary: string
  readonly example: string
  readonly load: () => Promise<{ define: DefineCommand }>
}

const commands: Readonly<Record<string, LazyCommand>> = {
  init: {
    summary: 'make a project, and what it needs in a Cloudflare account',
    example: 'authrim init my-idp',
    load: () => import('./commands/init.ts'),
  },
  deploy: {
    summary: 'bring the Workers of an environment to this release, stage by stage',
    example: 'authrim deploy --only op-token,op-auth',
    load: () => import('./commands/deploy.ts'),
  },
  rollback: {
    summary: 'give the traffic back to an earlier version',
    example: 'authrim rollback op-auth',
    load: () => import('./commands/rollback.ts'),
  },
  versions: {
    summary: 'list the versions of Workers, with their share of traffic',
    example: 'authrim versions op-token',
    load: () => import('./commands/versions.ts'),
  },
  status: {
    summary: 'show versions, health, requests, keys and what differs from the files',
    example: 'authrim status --since 24h',
    load: () => import('./commands/status.ts'),
  },
  logs: {
    summary: 'follow what the Workers do, one line a request',
    example: 'authrim logs op-token --status error',
    load: () => import('./commands/logs.ts'),
  },
  doctor: {
    summary: 'check everything, and say how to put right what is wrong',
    example: 'authrim doctor --fix',
    load: () => import('./commands/doctor.ts'),
  },
  backup: {
    summary: 'write clients and people to a sealed file',
    example: 'authrim backup idp.backup --passphrase-file passphrase.txt',
    load: () => import('./commands/backup.ts'),
  },
  restore: {
    summary: 'put back what a backup holds',
    example: 'authrim restore idp.backup --dry-run',
    load: () => import('./commands/restore.ts'),
  },
  destroy: {
    summary: 'remove what authrim made in the account, and nothing else',
    example: 'authrim destroy --env staging --dry-run',
    load: () => import('./commands/destroy.ts'),
  },
  open: {
    summary: 'open the sign-in page, discovery, the demo or the dashboard',
    example: 'authrim open discovery',
    load: () => import('./commands/open.ts'),
  },
  config: {
    summary: 'show, change and check authrim.json',
    example: 'authrim config get environments.production.issuer',
    load: () => import('./commands/config.ts'),
  },
  local: {
    summary: 'run Cloudflare on this machine, empty or as it was left',
    example: 'authrim local',
    load: () => import('./commands/local.ts'),
  },
  dev: {
    summary: 'run everything on this machine, with a demo person and a demo client',
    example: 'authrim dev',
    load: () => import('./commands/dev.ts'),
  },
  build: {
    summary: 'bundle Workers and show their sizes',
    example: 'authrim build op-token',
    load: () => import('./commands/build.ts'),
  },
  keys: {
    summary: 'list, rotate and revoke signing keys',
    example: 'authrim keys list',
    load: () => import('./commands/keys.ts'),
  },
  clients: {
    summary: 'register and manage relying parties',
    example: 'authrim clients create --type web --name Shop --redirect-uri https://shop.example/callback',
    load: () => import('./commands/clients.ts'),
  },
  users: {
    summary: 'create and manage people',
    example: 'authrim users create --email ada@example.com',
    load: () => import('./commands/users.ts'),
  },
  grants: {
    summary: 'list and revoke what people granted to clients',
    example: 'authrim grants list --user ada@example.com',
    load: () => import('./commands/grants.ts'),
  },
  saml: {
    summary: 'applications and identity providers that speak SAML',
    example: 'authrim saml sp add --metadata https://wiki.example.com/saml/metadata --name Wiki',
    load: () => import('./commands/saml.ts'),
  },
  operators: {
    summary: 'decide who may call the admin API',
    example: 'authrim operators list',
    load: () => import('./commands/operators.ts'),
  },
  audit: {
    summary: 'show who did what, and when',
    example: 'authrim audit --since 24h',
    load: () => import('./commands/audit.ts'),
  },
  completion: {
    summary: 'print a completion script for bash, zsh or fish',
    example: 'source <(authrim completion bash)',
    load: () => import('./commands/completion.ts'),
  },
}

/** True for a command of authrim. */
export function isCommand(name: string): boolean {
  return Object.hasOwn(commands, name)
}

export const commandNames: readonly string[] = Object.keys(commands)

/** The whole grammar, with the details of the named commands only. */
export async function buildProgram(
  details: readonly string[],
  context: (program: Command) => Context,
): Promise<Command> {
  const program = new Command('authrim')
    .description('Your own OpenID Connect, OAuth 2 and SAML identity provider on Cloudflare.')
    .usage('[options] <command>')
    .option('--env <name>', 'environment; else AUTHRIM_ENV, else the project’s default')
    .option('--cwd <dir>', 'run as if started in this folder')
    .option('--json', 'answer with one JSON document; never ask')
    .option('--yes', 'never ask')
    .option('--verbose', 'show requests: method, path, status, time')
    .addOption(new Option('--no-color', 'no colours (also NO_COLOR)'))
    .option('--version', 'versions of authrim, wrangler, workerd and Node')
    .helpOption('-h, --help', 'show help')
    .helpCommand('help [command]', 'show help for a command')
    .configureHelp({ showGlobalOptions: true, helpWidth: Math.min(process.stdout.columns ?? 80, 100) })
    .configureOutput({ outputError: () => undefined })
    .exitOverride()
  for (const [name, { summary, example, load }] of Object.entries(commands)) {
    const command = withExample(program.command(name).description(summary), example)
    if (details.includes(name)) {
      const [{ define }, { manuals }] = await Promise.all([load(), import('./manual.ts')])
      define(command, () => context(program))
      showManual(command, manuals[name])
    } else showExamples(command)
  }
  return showExamples(program).addHelpText(
    'after',
    '\nauthrim help <command> shows its manual: what it does, exit statuses, files.',
  )
}
