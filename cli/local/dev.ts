import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import kleur from 'kleur'
import { isLoopbackHost } from '../../shared/config/issuer.ts'
import type { Context } from '../context.ts'
import { type Demo, startDemo } from '../demo/server.ts'
import { canListen } from '../embedded-cloudflare/listener.ts'
import type { LocatedEnvironment } from '../environment.ts'
import { CliError, usageError } from '../error.ts'
import { pairs } from '../ui/report.ts'
import { demoClient, demoPerson, ensureDemo, ensureSamlDemo } from './demo-data.ts'
import { devLog } from './dev-log.ts'
import { type DevEnvironment, startDevEnvironment } from './dev-environment.ts'
import { devProject } from './dev-project.ts'
import { emptyCloudflare } from './cloudflare.ts'
import { lockFolder } from './lock.ts'
import { portHolder } from './port-holder.ts'
import { stopSignal } from './stop-signal.ts'
import { fromSource, loadScripts, watchScripts } from './scripts.ts'

export interface DevOptions {
  readonly port: number | undefined
  readonly demoPort: number | undefined
  readonly host: string | undefined
  readonly reset: boolean
  readonly demo: boolean
}

const DEMO_HOST = '127.0.0.1'
const DEMO_PORT = 8788

/** `authrim dev`: everything on this machine, until it is stopped. */
export async function runDev(ctx: Context, options: DevOptions): Promise<void> {
  const started = performance.now()
  const asked = await localEnvironment(ctx, options.port)
  const { environment, folder } = asked
  const port = Number(new URL(environment.issuer).port || 80)
  const hosts = await listenOn(options.host, port)
  const data = join(ctx.cwd, '.authrim', 'cloudflare')

  for (const each of [folder, data]) mkdirSync(each, { recursive: true, mode: 0o700 })
  // Secrets and data of this machine: no repository should take them in, whatever its own .gitignore says.
  writeFileSync(join(dirname(folder), '.gitignore'), '*\n')
  const cleanups: (() => unknown)[] = [lockFolder(join(data, 'cloudflare.pid'), environment.name)]
  try {
    if (options.reset) emptyCloudflare(data)
    const bundled = loadScripts()
    // Awaited once the Cloudflare is up; a failure until then is not lost.
    bundled.catch(() => undefined)
    const local = await startDevEnvironment({
      located: devProject(asked, ctx.cwd),
      data,
      port,
      hosts,
      scripts: bundled,
      ...devLog(ctx),
    })
    const scripts = await bundled
    cleanups.unshift(() => local[Symbol.asyncDispose]())
    const demo = options.demo ? await openDemo(local, options.demoPort, ctx) : undefined
    if (demo) cleanups.unshift(demo.close)
    if (fromSource()) cleanups.unshift(await watchScripts(scripts, reloading(local, ctx)))
    const stopped = stopSignal()
    announce(ctx, local, demo, performance.now() - started)
    await stopped
    ctx.report.note('Stopping. The data is kept.')
  } finally {
    for (const cleanup of cleanups) await cleanup()
  }
}

/** The environment, at the port asked for. */
async function localEnvironment(ctx: Context, port: number | undefined): Promise<LocatedEnvironment> {
  const located = await ctx.environment()
  const { name, issuer } = located.environment
  if (!located.local) {
    throw usageError(`${name} is not a local environment: its issuer is ${issuer}.`, 'Try: authrim dev --env local')
  }
  if (port === undefined)
    return { ...located, environment: { ...located.environment, issuer: located.configuredIssuer } }
  const { protocol, hostname } = new URL(issuer)
  return { ...located, environment: { ...located.environment, issuer: `${protocol}//${hostname}:${port}` } }
}

/**
 * The addresses to listen on besides 127.0.0.1, all free: both loopbacks, so that `localhost` works whichever it resolves
 * to.
 */
async function listenOn(host: string | undefined, port: number): Promise<string[]> {
  if (host !== undefined && !isLoopbackHost(host.includes(':') ? `[${host}]` : host)) {
    throw usageError(
      `--host ${host} is not a loopback address.`,
      'A local environment has known passwords: it stays on this machine.',
    )
  }
  const first = host === undefined || host === 'localhost' ? '127.0.0.1' : host
  if (!(await canListen(first, port))) throw portTaken(first, port)
  const both = host === undefined || host === 'localhost'
  const others = both ? ['::1'] : [first].filter((each) => each !== '127.0.0.1')
  const free = await Promise.all(others.map((each) => canListen(each, port)))
  return others.filter((_, i) => free[i])
}

function portTaken(host: string, port: number): CliError {
  const holder = portHolder(port)
  const command = holder && holder.command.length > 60 ? `${holder.command.slice(0, 59)}…` : holder?.command
  const who = holder ? `: process ${holder.pid} (${command}) has it` : ''
  return new CliError(`Port ${port} on ${host} is taken${who}.`, {
    code: 'port_taken',
    hint: `${holder ? `Stop it with: kill ${holder.pid}   or take another: ` : 'Take another: '}authrim dev --port ${port + 10}`,
    details: { port, ...(holder && { pid: holder.pid, command: holder.command }) },
  })
}

async function openDemo(local: DevEnvironment, asked: number | undefined, ctx: Context): Promise<Demo> {
  const wanted = asked ?? DEMO_PORT
  let port = wanted
  if (!(await canListen(DEMO_HOST, wanted))) {
    if (asked !== undefined) throw portTaken(DEMO_HOST, wanted)
    const { freePort } = await import('../embedded-cloudflare/listener.ts')
    port = await freePort(DEMO_HOST)
    ctx.report.note(`Port ${wanted} is taken, so the demo application is on ${port}.`)
  }
  const url = `http://${DEMO_HOST}:${port}`
  await Promise.all([ensureDemo(local.admin, url), ensureSamlDemo(local.admin, url)])
  return startDemo({
    issuer: local.issuer,
    clientId: demoClient.client_id,
    clientSecret: demoClient.client_secret,
    host: DEMO_HOST,
    port,
  })
}

function reloading(local: DevEnvironment, { report }: Context): Parameters<typeof watchScripts>[1] {
  return {
    async onChange(scripts, changed) {
      const started = performance.now()
      try {
        await local.reload(scripts)
      } catch (error) {
        const reason = error instanceof Error ? `\n${error.message}` : ''
        report.note(`${kleur.red('✖')} ${changed.join(', ')} does not start, so the former code goes on${reason}`)
        return
      }
      report.note(`${kleur.green('✔')} ${changed.join(', ')} reloaded in ${Math.round(performance.now() - started)} ms`)
    },
    onError: (message) => report.note(`${kleur.red('✖')} not reloaded, the former code goes on\n${message}`),
  }
}

function announce({ report }: Context, local: DevEnvironment, demo: Demo | undefined, took: number): void {
  const { issuer, environment, folder, api } = local
  const discovery = `${issuer}/.well-known/openid-configuration`
  const document = {
    environment: environment.name,
    issuer,
    discovery,
    data: folder,
    cloudflare: api,
    demo: demo ? { url: demo.url, user: demoPerson, client: demoClient } : null,
    seconds: Math.round(took) / 1000,
  }
  report.answer(document, () => [
    '',
    `  ${kleur.bold('authrim')} is ready after ${(took / 1000).toFixed(1)} s`,
    '',
    ...pairs([
      ['Issuer', issuer],
      ['Discovery', discovery],
      ['Cloudflare', `${api}, where deploy, status, logs … of this folder lead`],
      ...(demo
        ? ([
            ['', undefined],
            ['Demo', demo.url],
            ['Person', `${demoPerson.username} or ${demoPerson.email}`],
            ['Password', demoPerson.password],
            ['Client', demoClient.client_id],
            ['Client secret', demoClient.client_secret],
          ] as const)
        : []),
    ]),
    '',
    demo ? `  Open ${demo.url} and sign in. Ctrl-C stops it.` : '  Ctrl-C stops it.',
    '',
  ])
}
