/** Bindings of a Worker in one form, whether wrangler.toml says them or Cloudflare shows them. */
import type { TomlTable } from 'smol-toml'
import type { Binding } from '../cloudflare/scripts.ts'
import { isTable } from '../render/placeholders.ts'

/** The bindings that a wrangler.toml asks for, as Cloudflare's API spells them. */
export function bindingsOf(table: TomlTable): Binding[] {
  const list = (name: string) => tables(table[name])
  const objects = isTable(table['durable_objects']) ? tables(table['durable_objects']['bindings']) : []
  return [
    ...Object.entries(isTable(table['vars']) ? table['vars'] : {}).map(([name, value]) => ({
      type: 'plain_text',
      name,
      text: text(value),
    })),
    ...list('kv_namespaces').map(({ binding, id }) => ({
      type: 'kv_namespace',
      name: text(binding),
      namespace_id: id,
    })),
    ...list('d1_databases').map(({ binding, database_id }) => ({ type: 'd1', name: text(binding), id: database_id })),
    ...objects.map(({ name, class_name, script_name }) => ({
      type: 'durable_object_namespace',
      name: text(name),
      class_name,
      ...(script_name !== undefined && { script_name }),
    })),
    ...list('services').map(({ binding, service, entrypoint, props }) => ({
      type: 'service',
      name: text(binding),
      service,
      ...(entrypoint !== undefined && { entrypoint }),
      ...(props !== undefined && { props }),
    })),
    ...list('ratelimits').map(({ name, namespace_id, simple }) => ({
      type: 'ratelimit',
      name: text(name),
      namespace_id,
      simple,
    })),
    ...(isTable(table['version_metadata'])
      ? [{ type: 'version_metadata', name: text(table['version_metadata']['binding']) }]
      : []),
  ]
}

/** Differences in words, none when both lists bind the same. A secret is known by its name only. */
export function bindingDifferences(script: string, wanted: readonly Binding[], found: readonly Binding[]): string[] {
  const before = new Map(found.map((binding) => [binding.name, binding]))
  const after = new Map(wanted.map((binding) => [binding.name, binding]))
  const names = [...new Set([...after.keys(), ...before.keys()])]
  return names.flatMap((name) => {
    const [old, next] = [before.get(name), after.get(name)]
    if (old === undefined) return next ? [`+ ${describe(next)}`] : []
    // Secrets are no part of wrangler.toml.
    if (next === undefined) return old.type === 'secret_text' ? [] : [`- ${describe(old)}`]
    return essence(script, old) === essence(script, next) ? [] : [`~ ${describe(old)} → ${valueOf(next)}`]
  })
}

/** The names of the secrets that a version has. */
export function secretNames(bindings: readonly Binding[]): string[] {
  return bindings.filter(({ type }) => type === 'secret_text').map(({ name }) => name)
}

/** What of a binding decides where it leads; Cloudflare adds members of its own. */
function essence(script: string, binding: Binding): string {
  const { type } = binding
  switch (type) {
    case 'plain_text':
      return stable([type, binding['text']])
    case 'kv_namespace':
    case 'ratelimit':
      return stable([type, binding['namespace_id'], binding['simple']])
    case 'd1':
      return stable([type, binding['id'] ?? binding['database_id']])
    case 'durable_object_namespace':
      return stable([type, binding['class_name'], binding['script_name'] ?? script])
    case 'service':
      return stable([type, binding['service'], binding['entrypoint'] ?? null, binding['props'] ?? {}])
    default:
      return type
  }
}

function describe(binding: Binding): string {
  return `${binding.type} ${binding.name} ${valueOf(binding)}`.trimEnd()
}

function valueOf(binding: Binding): string {
  const value = [
    binding['text'],
    binding['namespace_id'],
    binding['id'],
    binding['class_name'],
    binding['service'],
    binding['props'],
    binding['simple'],
  ]
    .filter((part) => part !== undefined && part !== null)
    .map((part) => (typeof part === 'string' ? part : stable(part)))
    .join(' ')
  return value.length > 60 ? `${value.slice(0, 59)}…` : value
}

/** JSON with members in one order. */
function stable(value: unknown): string {
  return (
    JSON.stringify(value, (_, part: unknown) =>
      typeof part === 'object' && part !== null && !Array.isArray(part)
        ? Object.fromEntries(Object.entries(part).toSorted(([a], [b]) => (a < b ? -1 : 1)))
        : part,
    ) ?? ''
  )
}

function tables(value: TomlTable[string] | undefined): TomlTable[] {
  return Array.isArray(value) ? value.filter(isTable) : []
}

function text(value: TomlTable[string] | undefined): string {
  return typeof value === 'string' ? value : ''
}
