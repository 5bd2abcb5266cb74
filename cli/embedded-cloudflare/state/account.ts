import * as v from 'valibot'
import { scriptSchema } from './script.ts'

const kvNamespaceSchema = v.object({ id: v.string(), title: v.string() })
export type KvNamespace = v.InferOutput<typeof kvNamespaceSchema>

const d1DatabaseSchema = v.object({
  uuid: v.string(),
  name: v.string(),
  createdAt: v.string(),
  location: v.optional(v.string()),
})
export type D1Database = v.InferOutput<typeof d1DatabaseSchema>

const customDomainSchema = v.object({
  id: v.string(),
  hostname: v.string(),
  service: v.string(),
  zoneId: v.string(),
  enabled: v.boolean(),
  previewsEnabled: v.boolean(),
})
export type CustomDomain = v.InferOutput<typeof customDomainSchema>

/** An account with everything in it that is not in a zone. */
export const accountSchema = v.object({
  id: v.string(),
  name: v.string(),
  /** Its name under workers.dev; an account that never chose one has none. */
  subdomain: v.optional(v.string()),
  createdOn: v.string(),
  scripts: v.array(scriptSchema),
  kvNamespaces: v.array(kvNamespaceSchema),
  d1Databases: v.array(d1DatabaseSchema),
  customDomains: v.array(customDomainSchema),
})

export type Account = v.InferOutput<typeof accountSchema>
