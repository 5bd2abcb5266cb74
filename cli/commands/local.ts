import type { DefineCommand } from '../program.ts'
import { usageError } from '../error.ts'

export const define: DefineCommand = (command, context) => {
  command
    .option('--port <port>', 'port of the edge, where Workers answer; 8787')
    .option('--api-port <port>', 'port of the API; 8788')
    .option('--data <dir>', 'where accounts, code and data are kept; .authrim/cloudflare')
    .option('--reset', 'start empty')
    .action(async (options: { port?: string; apiPort?: string; data?: string; reset?: true }) => {
      const { port = '8787', apiPort = '8788', data = '.authrim/cloudflare', reset = false } = options
      const { runLocal } = await import('../local/cloudflare.ts')
      await runLocal(context(), {
        port: portNumber(port, '--port'),
        apiPort: portNumber(apiPort, '--api-port'),
        data,
        reset,
      })
    })
}

function portNumber(text: string, option: string): number {
  const port = Number(text)
  if (!/^\d+$/.test(text) || port < 1 || port > 65_535) throw usageError(`${option} ${text} is not a port.`)
  return port
}
