import { resolve } from 'node:path'
import type { AdminClient } from './admin/client.ts'
import type { LocatedEnvironment } from './environment.ts'
import { usageError } from './error.ts'
import { Prompt } from './ui/prompt.ts'
import { Progress } from './ui/progress.ts'
import { Report } from './ui/report.ts'

/** The options that every command takes, before or after its name. */
export interface GlobalOptions {
  readonly env?: string
  readonly cwd?: string
  readonly json?: boolean
  readonly yes?: boolean
  readonly verbose?: boolean
  readonly color?: boolean
}

/** Every effect that a command may use. */
export interface Context {
  readonly cwd: string
  readonly json: boolean
  readonly verbose: boolean
  /** What --env or AUTHRIM_ENV says. */
  readonly environmentName: string | undefined
  readonly report: Report
  readonly progress: Progress
  readonly prompt: Prompt
  /** The environment that the command is about. */
  environment(): Promise<LocatedEnvironment>
  /** Its admin API, signed with the operator's key. */
  admin(): Promise<AdminClient>
}

/** The context of this process. */
export function processContext(options: GlobalOptions): Context {
  const json = options.json ?? false
  const verbose = options.verbose ?? false
  const cwd = resolve(options.cwd ?? '.')
  const report = new Report({ out: process.stdout, err: process.stderr, json })
  const terminal = process.stdin.isTTY && process.stderr.isTTY
  const prompt = new Prompt({
    interactive: terminal && !json && !process.env['CI'],
    yes: options.yes ?? false,
  })
  const name = options.env ?? (process.env['AUTHRIM_ENV'] || undefined)
  let located: Promise<LocatedEnvironment> | undefined
  const environment = () => (located ??= locate(cwd, name))
  return {
    cwd,
    json,
    verbose,
    environmentName: name,
    report,
    progress: new Progress(process.stderr, { quiet: json }),
    prompt,
    environment,
    async admin() {
      const { openAdmin } = await import('./admin/client.ts')
      return openAdmin(await environment(), verbose ? (line) => report.note(line) : undefined)
    },
  }
}

async function locate(cwd: string, name: string | undefined): Promise<LocatedEnvironment> {
  const [{ locateEnvironment }, { ConfigError }] = await Promise.all([
    import('./environment.ts'),
    import('../shared/config.ts'),
  ])
  try {
    return locateEnvironment(cwd, name)
  } catch (error) {
    if (error instanceof ConfigError) throw usageError(error.message)
    throw error
  }
}
