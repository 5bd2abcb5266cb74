/** A plan is plain data: what would be done, in order. It is shown, kept in the journal and applied step by step. */
import type { WorkerName } from '../../shared/topology.ts'

/** Raised when a step changes its shape, so that a journal of another release is not taken for one of this. */
export const planFormat = 1

export interface Plan<Step extends PlanStep = PlanStep> {
  readonly format: typeof planFormat
  readonly command: 'init' | 'deploy' | 'rollback' | 'destroy'
  readonly environment: string
  readonly release: string
  /** Digest of what the plan was made from; another one means that the account has changed since. */
  readonly revision: string
  readonly steps: readonly Step[]
}

export interface PlanStep {
  readonly kind: string
  /** What it is about, in a word or two. */
  readonly target: string
}

export interface CreateNamespace extends PlanStep {
  readonly kind: 'create-namespace'
}

export interface CreateDatabase extends PlanStep {
  readonly kind: 'create-database'
}

export interface CreateOperatorKey extends PlanStep {
  readonly kind: 'create-operator-key'
}

export interface WriteFiles extends PlanStep {
  readonly kind: 'write-files'
  readonly files: readonly string[]
}

export interface ApplyMigrations extends PlanStep {
  readonly kind: 'migrations'
  readonly database: string
  readonly files: readonly string[]
}

export interface DeployStage extends PlanStep {
  readonly kind: 'stage'
  readonly stage: number
  readonly workers: readonly WorkerChange[]
}

/** How a Worker gets its new version. */
export type Rollout =
  /** It does not exist yet. */
  | 'create'
  /** Durable Object migrations go with an upload that serves at once. */
  | 'replace'
  /** Upload, then all traffic: its objects cannot be split. */
  | 'straight'
  /** Upload, 0 %, checks, then traffic. */
  | 'gradual'
  /** The version stays; only its routes or its schedules change. */
  | 'routes'

export interface WorkerChange {
  readonly worker: WorkerName
  readonly script: string
  readonly rollout: Rollout
  /** The version that serves most now, and goes back in place when a check fails. */
  readonly from: { readonly versionId: string; readonly release: string } | null
  readonly to: { readonly tag: string; readonly release: string }
  /** A version that was uploaded before, and only needs traffic. */
  readonly uploaded: string | null
  /** Secrets to make and set with the version. */
  readonly secrets: readonly string[]
  readonly addRoutes: readonly string[]
  readonly removeRoutes: readonly { readonly id: string; readonly pattern: string; readonly script: string }[]
  /** In place of those it has; null where they are right. */
  readonly schedules: readonly string[] | null
  /** The host to make a custom domain of this Worker. */
  readonly domain: string | null
  /** Differences in words. */
  readonly changes: readonly string[]
}

export interface RollbackWorker extends PlanStep {
  readonly kind: 'rollback'
  readonly worker: WorkerName
  readonly script: string
  readonly from: { readonly versionId: string; readonly release: string }
  readonly to: { readonly versionId: string; readonly release: string }
}

export type InitStep = CreateNamespace | CreateDatabase | CreateOperatorKey | WriteFiles
export type DeployStep = WriteFiles | ApplyMigrations | DeployStage
