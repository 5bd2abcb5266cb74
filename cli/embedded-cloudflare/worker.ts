export type Json = string | number | boolean | null | Json[] | { [member: string]: Json }

/** A binding in a Worker's `env`, by what Cloudflare would put there. */
export type Binding =
  | { readonly type: 'text'; readonly value: string }
  | { readonly type: 'json'; readonly value: Json }
  | { readonly type: 'kv'; readonly id: string }
  | { readonly type: 'd1'; readonly id: string }
  | { readonly type: 'durable-object'; readonly worker: string; readonly className: string }
  | {
      readonly type: 'worker'
      readonly worker: string
      readonly entrypoint?: string
      readonly props?: Readonly<Record<string, unknown>>
    }
  | { readonly type: 'rate-limit'; readonly namespace: string; readonly limit: number; readonly period: 10 | 60 }
  | { readonly type: 'version-metadata' }

/** One Worker: a single module with what it is bound to. */
export interface LocalWorker {
  readonly name: string
  readonly script: string
  readonly compatibilityDate: string
  readonly compatibilityFlags: readonly string[]
  readonly bindings: Readonly<Record<string, Binding>>
  /** Durable Object classes (SQLite-backed) that this Worker exports. */
  readonly objects: readonly string[]
  /** Named entrypoints that other Workers bind. */
  readonly entrypoints: readonly string[]
  /** When its `scheduled` handler runs, in cron's words. */
  readonly schedules?: readonly string[]
  /** A port of its own on 127.0.0.1, past the edge; for measurements. */
  readonly directPort?: number
}

/** A zone route: `host/path`, as Cloudflare writes them. */
export interface Route {
  readonly pattern: string
  readonly worker: string
}
