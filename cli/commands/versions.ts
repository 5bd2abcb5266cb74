import type { DefineCommand } from '../program.ts'

export const define: DefineCommand = (command, context) => {
  command.argument('[worker]', 'only of this Worker').action(async (name: string | undefined) => {
    const [{ listVersions }, { parseWorkers }, { publishedWorkers }] = await Promise.all([
      import('../deploy/versions.ts'),
      import('../deploy/worker-names.ts'),
      import('../../shared/topology.ts'),
    ])
    await listVersions(context(), name === undefined ? publishedWorkers : parseWorkers([name], 'versions'))
  })
}
