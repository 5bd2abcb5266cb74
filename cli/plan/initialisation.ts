import { createHash } from 'node:crypto'
import { type KvNamespace, workers } from '../../shared/topology.ts'
import type { Named } from '../cloudflare/resources.ts'
import { databaseName, namespaceTitles } from './names.ts'
import { type InitStep, type Plan, planFormat } from './plan.ts'

/** What init looked at. */
export interface BeforeInitialisation {
  readonly namespaces: readonly Named[]
  readonly databases: readonly Named[]
  /** Nobody knows an operator's key of this environment yet. */
  readonly needsOperatorKey: boolean
  /** Project files to write before anything is made, and after. */
  readonly choiceFiles: readonly string[]
  readonly resourceFiles: readonly string[]
}

export interface InitialisationPlan extends Plan<InitStep> {
  /** What exists and is taken over. */
  readonly adopted: readonly string[]
}

/** The KV namespaces that Workers bind, of the topology. */
export const kvNamespaces: readonly KvNamespace[] = [...new Set(Object.values(workers).flatMap(({ kv }) => [...kv]))]

/** What an environment lacks. What exists under its name is taken over, never made twice. */
export function planInitialisation(
  environment: string,
  release: string,
  before: BeforeInitialisation,
): InitialisationPlan {
  const titles = kvNamespaces.flatMap((namespace) => Object.values(namespaceTitles(environment, namespace)))
  const database = databaseName(environment)
  const has = (list: readonly Named[], wanted: string) => list.some(({ name }) => name === wanted)
  return {
    format: planFormat,
    command: 'init',
    environment,
    release,
    revision: createHash('sha256').update(JSON.stringify(before)).digest('hex').slice(0, 16),
    steps: [
      ...writing(before.choiceFiles),
      ...titles
        .filter((title) => !has(before.namespaces, title))
        .map((target) => ({ kind: 'create-namespace' as const, target })),
      ...(has(before.databases, database) ? [] : [{ kind: 'create-database' as const, target: database }]),
      ...(before.needsOperatorKey
        ? [{ kind: 'create-operator-key' as const, target: `.authrim/${environment}/operator.jwk` }]
        : []),
      ...writing(before.resourceFiles),
    ],
    adopted: [
      ...titles.filter((title) => has(before.namespaces, title)).map((title) => `KV namespace ${title}`),
      ...(has(before.databases, database) ? [`D1 database ${database}`] : []),
    ],
  }
}

function writing(files: readonly string[]): InitStep[] {
  const [first] = files
  if (first === undefined) return []
  const target = files.length === 1 ? first : `${first} and ${files.length - 1} more`
  return [{ kind: 'write-files', target, files }]
}
