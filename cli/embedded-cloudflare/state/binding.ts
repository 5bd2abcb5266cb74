import * as v from 'valibot'

const name = v.string()

/** A binding as the API spells it in a version's metadata. `inherit` is resolved at upload and never stored. */
export const bindingSchema = v.variant('type', [
  v.object({ type: v.literal('plain_text'), name, text: v.string() }),
  v.object({ type: v.literal('json'), name, json: v.unknown() }),
  v.object({ type: v.literal('secret_text'), name, text: v.string() }),
  v.object({ type: v.literal('kv_namespace'), name, namespace_id: v.string() }),
  v.object({ type: v.literal('d1'), name, id: v.string() }),
  v.object({
    type: v.literal('durable_object_namespace'),
    name,
    class_name: v.string(),
    script_name: v.optional(v.string()),
    namespace_id: v.optional(v.string()),
  }),
  v.object({
    type: v.literal('service'),
    name,
    service: v.string(),
    environment: v.optional(v.string()),
    entrypoint: v.optional(v.string()),
    props: v.optional(v.record(v.string(), v.unknown())),
  }),
  v.object({
    type: v.literal('ratelimit'),
    name,
    namespace_id: v.string(),
    simple: v.object({ limit: v.number(), period: v.picklist([10, 60]) }),
  }),
  v.object({ type: v.literal('version_metadata'), name }),
])

export type Binding = v.InferOutput<typeof bindingSchema>

/** A binding as the API shows it: the value of a secret never comes back. */
export function shownBinding(binding: Binding): Record<string, unknown> {
  if (binding.type !== 'secret_text') return { ...binding }
  return { name: binding.name, type: binding.type }
}

/** The secrets of a version, by name. */
export function secretsOf(bindings: readonly Binding[]): Map<string, string> {
  const secrets = new Map<string, string>()
  for (const binding of bindings) if (binding.type === 'secret_text') secrets.set(binding.name, binding.text)
  return secrets
}
