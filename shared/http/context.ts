import type { Context } from 'hono'
import type { ReadyAnswer } from './ready-answers.ts'

/** What every handler finds in its context. */
export interface RequestVariables<Deps> {
  readonly deps: Deps
  readonly requestId: string
  /** Seconds since the epoch, read once a request. */
  readonly now: number
  /** Facts for the request's log line; no secrets, no personal data. */
  readonly log: Record<string, string | number | boolean | undefined>
  /** Set by a handler whose answer is the same for everyone who asks for this path. */
  readonly ready?: ReadyAnswer
}

export type WorkerContext<Deps> = Context<{ Variables: RequestVariables<Deps> }>

export type Handler<Deps> = (c: WorkerContext<Deps>) => Response | Promise<Response>

export interface Route<Deps> {
  /** Matched exactly; `:name` and `*` as in Hono. */
  readonly path: string
  readonly GET?: Handler<Deps>
  readonly POST?: Handler<Deps>
  readonly PUT?: Handler<Deps>
  readonly PATCH?: Handler<Deps>
  readonly DELETE?: Handler<Deps>
  /** Scripts of other origins may call it, never with credentials. */
  readonly cors?: boolean
  /** Successes are not logged: the answer is the same for everyone and cached. */
  readonly quiet?: boolean
}
