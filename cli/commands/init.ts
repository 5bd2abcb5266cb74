import type { DefineCommand } from '../program.ts'
import type { InitOptions } from '../init/choices.ts'

export const define: DefineCommand = (command, context) => {
  command
    .argument('[dir]', 'folder of the project; this one by default')
    .option('--local', 'an environment on this machine, without an account')
    .option('--name <name>', 'name of the project')
    .option('--account <name or id>', 'Cloudflare account')
    .option('--zone <domain>', 'domain of the account')
    .option('--issuer <address>', 'where people sign in, such as https://id.example.com')
    .option('--location <region>', 'where the database is: wnam, enam, weur, eeur, apac or oc')
    .action(async (dir: string | undefined, options: InitOptions) => {
      const { init } = await import('../init/init.ts')
      await init(context(), dir, options)
    })
}
