import type { Miniflare } from 'miniflare'
import { isDue } from './cron.ts'

/** A schedule of a Worker, by the Worker's name inside the runtime. */
export interface Schedule {
  readonly worker: string
  readonly cron: string
}

interface ClockworkOptions {
  /** What is scheduled now. */
  readonly schedules: () => readonly Schedule[]
  readonly run: (schedule: Schedule, time: Date) => Promise<void>
  readonly onError: (error: unknown) => void
}

const minute = 60_000

/** Runs scheduled Workers when their minute begins. One that is still running is not run again on top. */
export class Clockwork {
  readonly #options: ClockworkOptions
  readonly #running = new Set<string>()
  #timer: NodeJS.Timeout

  constructor(options: ClockworkOptions) {
    this.#options = options
    this.#timer = this.#next()
  }

  dispose(): void {
    clearTimeout(this.#timer)
  }

  #next(): NodeJS.Timeout {
    return setTimeout(
      () => {
        this.#timer = this.#next()
        this.#strike(new Date())
      },
      minute - (Date.now() % minute),
    ).unref()
  }

  #strike(time: Date): void {
    for (const schedule of this.#options.schedules().filter(({ cron }) => isDue(cron, time))) {
      const key = `${schedule.worker} ${schedule.cron}`
      if (this.#running.has(key)) continue
      this.#running.add(key)
      void this.#options
        .run(schedule, time)
        .catch(this.#options.onError)
        .finally(() => this.#running.delete(key))
    }
  }
}

/** Calls the `scheduled` handler of a Worker. @throws Error when it fails. */
export async function runScheduled(miniflare: Miniflare, { worker, cron }: Schedule, time: Date): Promise<void> {
  const { outcome } = await (await miniflare.getWorker(worker)).scheduled({ scheduledTime: time, cron })
  if (outcome !== 'ok') throw new Error(`the scheduled run of ${worker} ended with ${outcome}`)
}
