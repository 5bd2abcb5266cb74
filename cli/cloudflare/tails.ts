import * as v from 'valibot'
import { type AccountApi, attempt } from './account-api.ts'
import { hasStatus } from './failure.ts'

/** A tail session: a WebSocket on which Cloudflare sends what a script does. */
export interface Tail {
  readonly id: string
  readonly url: string
}

const Answer = v.object({ result: v.object({ id: v.string(), url: v.string() }) })

/** Opens a tail session. `sample` is the share of requests that it tells of. */
export function openTail(account: AccountApi, script: string, sample: number): Promise<Tail> {
  return attempt(`Opening the log of ${script}`, tailPath(account, script), async () => {
    const filters = sample < 1 ? [{ sampling_rate: sample }] : []
    // The SDK's own call takes no filters.
    const { result } = v.parse(Answer, await account.client.post(tailPath(account, script), { body: { filters } }))
    return result
  })
}

/** Closes a session; one that has ended is no failure. */
export function closeTail(account: AccountApi, script: string, id: string): Promise<void> {
  return attempt(`Closing the log of ${script}`, tailPath(account, script), async () => {
    try {
      await account.client.workers.scripts.tail.delete(id, { account_id: account.id, script_name: script })
    } catch (error) {
      if (!hasStatus(error, 404)) throw error
    }
  })
}

function tailPath(account: AccountApi, script: string): string {
  return account.path(`workers/scripts/${encodeURIComponent(script)}/tails`)
}
