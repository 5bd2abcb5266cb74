import * as v from 'valibot'
import { randomBytes } from 'node:crypto'
import { attempt } from '../cloudflare/account-api.ts'
import type { EnvironmentAccount } from '../cloudflare/environment-account.ts'
import { readMigrationTag } from '../cloudflare/scripts.ts'
import type { WorkerChange } from '../plan/plan.ts'
import type { WantedWorker } from '../plan/wanted.ts'

const Uploaded = v.object({ result: v.object({ id: v.optional(v.string()), deployment_id: v.optional(v.string()) }) })

/**
 * Uploads a version to the embedded Cloudflare of this process as wrangler would, without starting one: a second for
 * each Worker is what `authrim dev` does not have. Answers the version's id.
 */
export function quickUpload(
  { account }: EnvironmentAccount,
  change: WorkerChange,
  wanted: WantedWorker,
  code: string,
): Promise<string> {
  const { worker, script, rollout, secrets } = change
  const main = `${worker}.js`
  const servesAtOnce = rollout === 'create' || rollout === 'replace'
  const path = account.path(`workers/scripts/${script}${servesAtOnce ? '' : '/versions'}`)
  return attempt(`Uploading ${worker}`, path, async () => {
    const form = new FormData()
    const metadata = {
      main_module: main,
      bindings: [...wanted.bindings, ...secrets.map(newSecret)],
      keep_bindings: ['secret_text', 'secret_key'],
      compatibility_date: wanted.compatibilityDate,
      compatibility_flags: wanted.compatibilityFlags,
      annotations: { 'workers/tag': wanted.tag, 'workers/message': 'authrim dev' },
      ...(servesAtOnce && wanted.migrations.length > 0 && { migrations: await missingMigrations(account, wanted) }),
    }
    form.append('metadata', JSON.stringify(metadata))
    form.append(main, new File([code], main, { type: 'application/javascript+module' }))
    const answer = servesAtOnce
      ? await account.client.put(path, { body: form })
      : await account.client.post(path, { body: form })
    const { result } = v.parse(Uploaded, answer)
    return (servesAtOnce ? result.deployment_id : result.id) ?? ''
  })
}

function newSecret(name: string) {
  return { type: 'secret_text', name, text: randomBytes(32).toString('base64url') }
}

/** The steps after the one that the script had last. */
async function missingMigrations(account: EnvironmentAccount['account'], { script, migrations }: WantedWorker) {
  const had = await readMigrationTag(account, script)
  const missing = migrations.slice(migrations.findIndex(({ tag }) => tag === had) + 1)
  return {
    ...(had !== undefined && { old_tag: had }),
    new_tag: missing.at(-1)?.tag ?? had,
    steps: missing.map(({ steps }) => steps),
  }
}
