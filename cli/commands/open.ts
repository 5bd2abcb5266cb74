import { spawn } from 'node:child_process'
import { CliError, usageError } from '../error.ts'
import type { DefineCommand } from '../program.ts'
import { findResources } from '../project/resources-file.ts'
import type { LocatedEnvironment } from '../environment.ts'

const places: Readonly<Record<string, (at: LocatedEnvironment) => string>> = {
  login: ({ environment }) => `${environment.issuer}/account`,
  discovery: ({ environment }) => `${environment.issuer}/.well-known/openid-configuration`,
  jwks: ({ environment }) => `${environment.issuer}/.well-known/jwks.json`,
  demo: demoAddress,
  dashboard: dashboardAddress,
}

export const define: DefineCommand = (command, context) => {
  command
    .argument('[what]', `${Object.keys(places).join(', ')}; login by default`)
    .option('--print', 'print the address and open nothing')
    .action(async (what = 'login', { print }: { print?: true }) => {
      const { environment, report, json } = context()
      const place = Object.hasOwn(places, what) ? places[what] : undefined
      if (!place) throw usageError(`There is no ${what} to open.`, `There are: ${Object.keys(places).join(', ')}`)
      const url = place(await environment())
      report.answer({ url }, () => [`  ${url}`])
      // A program has no eyes, and where there is no screen the address is what helps.
      if (!print && !json && process.stdout.isTTY) openInBrowser(url)
    })
}

/** The demo application of `authrim dev` listens one port above the provider unless told otherwise. */
function demoAddress({ environment, local }: LocatedEnvironment): string {
  if (local) return `http://127.0.0.1:${Number(new URL(environment.issuer).port || 80) + 1}/`
  throw new CliError('The demo runs with a local environment only.', { hint: 'Start it with: authrim dev' })
}

function dashboardAddress({ environment, local, root }: LocatedEnvironment): string {
  if (local) throw new CliError('A local environment has no dashboard.', { hint: 'See: authrim status' })
  const account = findResources(root, environment.name)?.account.id ?? environment.accountId
  if (account === undefined) throw usageError('The account is not known yet.', 'Run: authrim init')
  return `https://dash.cloudflare.com/${account}/workers-and-pages`
}

/** Without a shell: the address is an argument, whatever it holds. */
function openInBrowser(url: string): void {
  const [command, ...args] =
    process.platform === 'darwin'
      ? ['open']
      : process.platform === 'win32'
        ? ['rundll32', 'url.dll,FileProtocolHandler']
        : ['xdg-open']
  const child = spawn(command ?? 'xdg-open', [...args, url], { stdio: 'ignore', detached: true })
  // The address is on the screen already.
  child.on('error', () => undefined)
  child.unref()
}
