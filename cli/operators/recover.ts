import { setTimeout as sleep } from 'node:timers/promises'
import { objectHost } from '../../shared/topology.ts'
import { OperatorsAnswer } from '../admin/answers.ts'
import { AdminClient } from '../admin/client.ts'
import { adoptSuccessorKey, ensureSuccessorKey } from '../admin/operator-key.ts'
import { openEnvironmentAccount } from '../cloudflare/environment-account.ts'
import type { Context } from '../context.ts'
import { deployTo } from '../deploy/deploy.ts'
import { publicMembers } from '../init/look-around.ts'
import { CliError, exitStatus } from '../error.ts'
import { writeResources } from '../project/resources-file.ts'
import { pairs } from '../ui/report.ts'

export interface RecoverOptions {
  /** The environment's name, instead of typing it. */
  readonly confirm: string | undefined
  readonly breakLock: boolean
}

/** Seconds until a bootstrap key that was deployed counts: its object restarts. */
const patience = 90

/**
 * `authrim operators recover`: whoever holds the Cloudflare account puts a new key in the place of all operators. The
 * key travels as a variable of the Worker that holds the objects, and the first call signed with it is what shuts the
 * others out and is audited. Cut off anywhere, the next run goes on with the same key.
 */
export async function recover(ctx: Context, { confirm, breakLock }: RecoverOptions): Promise<void> {
  const at = await openEnvironmentAccount(ctx)
  const { root, folder } = at.located
  const { name, issuer } = at.environment
  const key = await ensureSuccessorKey(folder)
  const resources = { ...at.resources, bootstrapOperatorKey: publicMembers(key.publicJwk) }
  const options = {
    only: [objectHost] as const,
    message: 'authrim operators recover',
    shares: [100],
    interval: 0,
    healthCheck: true,
    dryRun: false,
    exitCode: false,
    force: false,
    breakLock,
  }
  await deployTo(ctx, { ...at, resources }, options, async () => {
    const what = `Every operator of ${name} is shut out; the new key of this machine takes their place.`
    await ctx.prompt.confirmRemoval(what, name, confirm)
    writeResources(root, name, resources)
  })
  const api = new AdminClient({ issuer, key, ...(ctx.verbose && { onRequest: (line) => ctx.report.note(line) }) })
  const { operators } = await admitted(api)
  adoptSuccessorKey(folder)
  ctx.report.answer({ operators }, () => [
    ctx.report.done(`the new key is the only operator of ${name}`),
    ...pairs([['  kid', key.kid]]),
    '  Admit the others again with  authrim operators add',
  ])
}

/** The first call that is answered admits the key. */
async function admitted(api: AdminClient) {
  for (const end = Date.now() + patience * 1000; ; await sleep(1000)) {
    try {
      return await api.get('/operators', OperatorsAnswer)
    } catch (error) {
      const isWaiting = error instanceof CliError && error.exitCode === exitStatus.notAuthorised
      if (!isWaiting || Date.now() > end) throw error
    }
  }
}
