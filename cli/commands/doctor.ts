import type { DefineCommand } from '../program.ts'

export const define: DefineCommand = (command, context) => {
  command.option('--fix', 'repair what can be repaired without harm').action(async ({ fix }: { fix?: true }) => {
    const { doctor } = await import('../doctor/doctor.ts')
    await doctor(context(), { fix: fix ?? false })
  })
}
