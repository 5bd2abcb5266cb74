import { ApiError } from '../api/api-error.ts'
import type { Account } from '../state/account.ts'
import { newId } from '../state/identifier.ts'
import { latestVersion, type Script, servedVersions, type Version } from '../state/script.ts'
import { type Migrations, type MigrationStep, migrationSteps } from './metadata.ts'

export type Classes = Script['classes']

/** The Durable Object classes of a Worker after migrations, which are checked and change nothing yet. */
export function migratedClasses(
  migrations: Migrations,
  name: string,
  script: Script | undefined,
  account: Account,
): { classes: Classes; transfers: { script: Script; className: string }[] } {
  const current = script?.migrationTag ?? ''
  const expected = migrations.old_tag ?? ''
  if (current !== expected) {
    throw new ApiError(
      412,
      10079,
      `Migration tag precondition failed; current tag is '${current}', expected '${expected}'.`,
    )
  }
  const classes: Classes = { ...script?.classes }
  const transfers: { script: Script; className: string }[] = []
  for (const step of migrationSteps(migrations)) applyStep(step, classes, transfers, { name, account })
  return { classes, transfers }
}

function applyStep(
  step: MigrationStep,
  classes: Classes,
  transfers: { script: Script; className: string }[],
  { name, account }: { name: string; account: Account },
): void {
  const create = (className: string, sqlite: boolean) => {
    if (className in classes) {
      throw new ApiError(
        400,
        10074,
        `Cannot apply new-class migration to class '${className}' that is already depended on by existing Durable Objects.`,
      )
    }
    classes[className] = { id: newId(), sqlite }
  }
  const take = (className: string, verb: string) => {
    const found = classes[className]
    if (!found) throw new ApiError(400, 10073, `Cannot apply ${verb}-class migration to unknown class '${className}'.`)
    delete classes[className]
    return found
  }
  for (const { from, from_script: fromScript, to } of step.transferred_classes) {
    const source = account.scripts.find((other) => other.name === fromScript)
    const found = source?.classes[from]
    if (!source || !found) throw new ApiError(400, 10073, `Cannot transfer unknown class '${from}' of '${fromScript}'.`)
    transfers.push({ script: source, className: from })
    classes[to] = found
  }
  for (const { from, to } of step.renamed_classes) classes[to] = take(from, 'rename')
  for (const className of step.deleted_classes) {
    take(className, 'delete')
    refuseBound(className, name, account)
  }
  for (const className of step.new_classes) create(className, false)
  for (const className of step.new_sqlite_classes) create(className, true)
}

/** A class that another Worker binds stays. */
function refuseBound(className: string, hostName: string, account: Account): void {
  for (const other of account.scripts) {
    if (other.name === hostName) continue
    const versions = new Set<Version | undefined>([
      latestVersion(other),
      ...servedVersions(other).map((one) => one.version),
    ])
    for (const version of versions) {
      const bound = version?.bindings.some(
        (binding) =>
          binding.type === 'durable_object_namespace' &&
          binding.class_name === className &&
          binding.script_name === hostName,
      )
      if (bound) {
        throw new ApiError(
          400,
          10065,
          `Cannot apply delete-class migration to class '${className}': Worker '${other.name}' is still bound to it.`,
        )
      }
    }
  }
}

/** Classes after what `exports` in a version's metadata declares; a class with data has to be declared. */
export function exportedClasses(exports: NonNullable<Version['exports']>, current: Classes): Classes {
  const classes: Classes = {}
  for (const [name, declared] of Object.entries(exports)) {
    if (declared.type !== 'durable-object') continue
    if (declared.state === 'renamed' && declared.renamed_to !== undefined) {
      const found = current[name]
      if (found) classes[declared.renamed_to] = found
    } else if (declared.storage !== undefined) {
      classes[name] ??= current[name] ?? { id: newId(), sqlite: declared.storage === 'sqlite' }
    }
  }
  const undeclared = Object.keys(current).filter((name) => !(name in classes) && !(name in exports))
  if (undeclared.length > 0) {
    throw new ApiError(
      400,
      100402,
      `Exports reconciliation failed: ${undeclared.join(', ')} has Durable Objects but is not declared in exports.`,
    )
  }
  return classes
}

/** Refuses code that lacks a class with Durable Objects. */
export function checkExported(classes: Classes, former: Classes, exported: readonly string[]): void {
  for (const className of Object.keys(classes)) {
    if (exported.includes(className)) continue
    if (className in former) {
      throw new ApiError(
        400,
        10064,
        `New version of script does not export class '${className}' which is depended on by existing Durable Objects. If you want to delete its objects, use a delete-class migration.`,
      )
    }
    throw new ApiError(
      400,
      10070,
      `Cannot apply new-class migration to class '${className}' that is not exported by script.`,
    )
  }
}
