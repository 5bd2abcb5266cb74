import { usageError } from '../error.ts'
import type { DefineCommand } from '../program.ts'

export const define: DefineCommand = (command, context) => {
  command
    .option('--port <port>', 'port of the provider; 8787, or that of the issuer in authrim.json')
    .option('--host <address>', 'loopback address to listen on; 127.0.0.1 and ::1 by default')
    .option('--demo-port <port>', 'port of the demo application; 8788')
    .option('--reset', 'start with empty data')
    .option('--no-demo', 'without demo person, client and application')
    .action(async (options: { port?: string; host?: string; demoPort?: string; reset?: true; demo: boolean }) => {
      const { port, host, demoPort, reset = false, demo } = options
      const { runDev } = await import('../local/dev.ts')
      await runDev(context(), {
        port: portNumber(port, '--port'),
        demoPort: portNumber(demoPort, '--demo-port'),
        host,
        reset,
        demo,
      })
    })
}

function portNumber(text: string | undefined, option: string): number | undefined {
  if (text === undefined) return undefined
  const port = Number(text)
  if (!/^\d+$/.test(text) || port < 1 || port > 65_535) throw usageError(`${option} ${text} is not a port.`)
  return port
}
