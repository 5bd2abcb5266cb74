import * as v from 'valibot'
import { type AccountApi, attempt } from './account-api.ts'
import { hasCode, hasStatus } from './failure.ts'

const SchedulesAnswer = v.object({ result: v.object({ schedules: v.array(v.object({ cron: v.string() })) }) })

/** When a script runs by itself, in cron's words; never, where there is no such script. */
export function listSchedules(account: AccountApi, script: string): Promise<string[]> {
  const path = schedulesPath(account, script)
  return attempt(`Reading the schedules of ${script}`, path, async () => {
    try {
      const { result } = v.parse(SchedulesAnswer, await account.client.get(path))
      return result.schedules.map(({ cron }) => cron)
    } catch (error) {
      if (hasCode(error, 10007, 10090) || hasStatus(error, 404)) return []
      throw error
    }
  })
}

/** Puts these in the place of all schedules of a script. */
export function setSchedules(account: AccountApi, script: string, crons: readonly string[]): Promise<void> {
  const path = schedulesPath(account, script)
  return attempt(`Setting the schedules of ${script}`, path, async () => {
    await account.client.put(path, { body: crons.map((cron) => ({ cron })) })
  })
}

function schedulesPath(account: AccountApi, script: string): string {
  return account.path(`workers/scripts/${encodeURIComponent(script)}/schedules`)
}
