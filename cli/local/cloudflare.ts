import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import kleur from 'kleur'
import type { Context } from '../context.ts'
import { startEmbeddedCloudflare } from '../embedded-cloudflare/embedded-cloudflare.ts'
import { canListen } from '../embedded-cloudflare/listener.ts'
import { CliError } from '../error.ts'
import { pairs } from '../ui/report.ts'
import { devLog } from './dev-log.ts'
import { lockFolder } from './lock.ts'
import { portHolder } from './port-holder.ts'
import { stopSignal } from './stop-signal.ts'

export interface LocalOptions {
  readonly port: number
  readonly apiPort: number
  readonly data: string
  readonly reset: boolean
}

/** `authrim local`: the embedded Cloudflare alone, until it is stopped. */
export async function runLocal(ctx: Context, { port, apiPort, data, reset }: LocalOptions): Promise<void> {
  const folder = resolve(ctx.cwd, data)
  await refuseTakenPort(port, '--port')
  await refuseTakenPort(apiPort, '--api-port')
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  // Secrets and data of this machine: no repository should take them in.
  if (basename(dirname(folder)) === '.authrim') writeFileSync(join(dirname(folder), '.gitignore'), '*\n')
  const unlock = lockFolder(join(folder, 'cloudflare.pid'), 'local Cloudflare')
  try {
    if (reset) emptyCloudflare(folder)
    const { onLog, onRuntimeMessage: onMessage } = devLog(ctx)
    const edgeHosts = (await canListen('::1', port)) ? ['::1'] : []
    await using cloudflare = await startEmbeddedCloudflare({
      dataDir: folder,
      edgePort: port,
      apiPort,
      edgeHosts,
      onLog,
      onMessage,
    })
    const { apiBase, accounts, zones } = cloudflare
    const edge = `http://localhost:${port}`
    // What it loads lazily would bring signal handlers of its own after ours.
    await cloudflare.ready()
    const stopped = stopSignal()
    ctx.report.answer(
      { edge, api: apiBase, data: folder, accounts: accounts.map(({ id, name }) => ({ id, name })) },
      () => [
        '',
        `  ${kleur.bold('Cloudflare on this machine')} is ready`,
        '',
        ...pairs([
          ['Edge', edge],
          ['API', apiBase],
          ['Account', accounts.map(({ name, id }) => `${name} (${id})`).join(', ')],
          ['Zones', zones.map(({ name }) => name).join(', ')],
          ['Data', folder],
        ]),
        '',
        '  Next, in another terminal: authrim init my-idp --local. Ctrl-C stops it; the data is kept.',
        '',
      ],
    )
    await stopped
    ctx.report.note('Stopping. The data is kept.')
  } finally {
    unlock()
  }
}

async function refuseTakenPort(port: number, option: string): Promise<void> {
  if (await canListen('127.0.0.1', port)) return
  const holder = portHolder(port)
  throw new CliError(
    `Port ${port} is taken${holder ? ` by process ${holder.pid} (${holder.command.slice(0, 60)})` : ''}.`,
    {
      code: 'port_taken',
      hint: `${holder ? `Stop it with: kill ${holder.pid}   or take another: ` : 'Take another: '}authrim local ${option} ${port + 10}`,
    },
  )
}

/** Forgets accounts, code and data; the token stays. */
export function emptyCloudflare(folder: string): void {
  for (const name of ['state.json', 'modules', 'data', 'invocations.json']) {
    rmSync(join(folder, name), { recursive: true, force: true })
  }
}
