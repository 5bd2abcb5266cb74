import * as v from 'valibot'
import { ApiError, badRequest } from '../api/api-error.ts'
import { parseInput, parseJson } from '../api/call.ts'
import { exportSchema } from '../state/script.ts'

const classNames = v.optional(v.array(v.string()), [])

const stepSchema = v.object({
  new_classes: classNames,
  new_sqlite_classes: classNames,
  deleted_classes: classNames,
  renamed_classes: v.optional(v.array(v.object({ from: v.string(), to: v.string() })), []),
  transferred_classes: v.optional(v.array(v.object({ from: v.string(), from_script: v.string(), to: v.string() })), []),
})

const migrationsSchema = v.object({
  ...v.partial(stepSchema).entries,
  old_tag: v.optional(v.string()),
  new_tag: v.optional(v.string()),
  steps: v.optional(v.array(stepSchema)),
})

export type MigrationStep = v.InferOutput<typeof stepSchema>
export type Migrations = v.InferOutput<typeof migrationsSchema>

const metadataSchema = v.looseObject({
  main_module: v.string(),
  bindings: v.optional(v.array(v.looseObject({ type: v.string(), name: v.string() })), []),
  compatibility_date: v.optional(v.string(), '2021-11-02'),
  compatibility_flags: v.optional(v.array(v.string()), []),
  keep_bindings: v.optional(v.array(v.string()), []),
  migrations: v.optional(v.nullable(migrationsSchema)),
  exports: v.optional(v.record(v.string(), exportSchema)),
  annotations: v.optional(v.record(v.string(), v.optional(v.string())), {}),
  observability: v.optional(v.record(v.string(), v.unknown())),
  tags: v.optional(v.nullable(v.array(v.string()))),
  logpush: v.optional(v.boolean()),
})

export type Metadata = v.InferOutput<typeof metadataSchema>

/** The `metadata` part of an upload. */
export async function readMetadata(form: FormData): Promise<Metadata> {
  const part = form.get('metadata')
  if (part === null) throw badRequest('The upload has no metadata part.', 10023)
  const input = parseJson(typeof part === 'string' ? part : await part.text())
  if (typeof input === 'object' && input !== null && 'body_part' in input) {
    throw new ApiError(400, 10021, 'Workers in the service worker format are not part of the embedded Cloudflare.')
  }
  const metadata = parseInput(metadataSchema, input)
  if (!/^\d{4}-\d{2}-\d{2}$/.test(metadata.compatibility_date)) {
    throw new ApiError(400, 10021, `Invalid compatibility date: ${metadata.compatibility_date}`)
  }
  if (Date.parse(metadata.compatibility_date) > Date.now()) {
    throw new ApiError(400, 10021, `Can't set compatibility date in the future: "${metadata.compatibility_date}".`)
  }
  return metadata
}

/** The steps of migrations, however they are written. */
export function migrationSteps({ steps, old_tag: _old, new_tag: _new, ...single }: Migrations): MigrationStep[] {
  return steps ?? [v.parse(stepSchema, single)]
}
