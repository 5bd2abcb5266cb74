import { ApiError } from '../api/api-error.ts'
import { parseInput } from '../api/call.ts'
import type { Account } from '../state/account.ts'
import { type Binding, bindingSchema } from '../state/binding.ts'
import { latestVersion, type Script } from '../state/script.ts'
import type { Metadata } from './metadata.ts'

const MAX_TEXT = 5120
const MAX_BINDINGS = 1000
const MAX_NAME = 255

const supported: readonly string[] = bindingSchema.options.map(({ entries }) => entries.type.literal)

/** The bindings of a new version: its own, those it inherits by name, and those it keeps by type. */
export function resolveBindings(
  metadata: Pick<Metadata, 'bindings' | 'keep_bindings'>,
  script: Script | undefined,
): Binding[] {
  const former = script ? (latestVersion(script)?.bindings ?? []) : []
  const own = metadata.bindings.map((input) => {
    if (input.type === 'inherit') return inherit(input, former)
    if (!supported.includes(input.type)) {
      throw new ApiError(400, 10021, `Bindings of type ${input.type} are not part of the embedded Cloudflare.`)
    }
    return parseInput(bindingSchema, input)
  })
  const names = new Set(own.map(({ name }) => name))
  if (names.size < own.length) throw new ApiError(400, 10021, 'Two bindings have the same name.')
  const kept = former.filter(({ name, type }) => metadata.keep_bindings.includes(type) && !names.has(name))
  const bindings = [...own, ...kept]
  if (bindings.length > MAX_BINDINGS) throw new ApiError(400, 10021, 'A Worker may have up to 1000 bindings.')
  for (const binding of bindings) checkSize(binding)
  return bindings
}

function inherit(input: Metadata['bindings'][number], former: readonly Binding[]): Binding {
  const oldName = typeof input['old_name'] === 'string' ? input['old_name'] : input.name
  const found = former.find(({ name }) => name === oldName)
  if (!found) throw new ApiError(400, 10057, `Binding ${oldName} cannot be inherited: the latest version has none.`)
  return { ...found, name: input.name }
}

/** Refuses values over Cloudflare's limits. */
export function checkSize(binding: Binding): void {
  if (binding.name === '' || binding.name.length > MAX_NAME) {
    throw new ApiError(400, 10021, `Binding name must have 1 to ${MAX_NAME} characters.`)
  }
  const text = 'text' in binding ? binding.text : 'json' in binding ? JSON.stringify(binding.json) : ''
  if (Buffer.byteLength(text) > MAX_TEXT) {
    throw new ApiError(400, 10054, `The value of binding ${binding.name} exceeds the limit of 5 KB.`)
  }
}

/** Refuses bindings to what does not exist. `classes` are those the Worker itself hosts with this version. */
export function checkTargets(
  bindings: readonly Binding[],
  account: Account,
  own: { readonly name: string; readonly classes: readonly string[] },
): void {
  for (const binding of bindings) {
    if (binding.type === 'kv_namespace' && !account.kvNamespaces.some(({ id }) => id === binding.namespace_id)) {
      throw new ApiError(400, 10041, `KV namespace '${binding.namespace_id}' not found.`)
    }
    if (binding.type === 'd1' && !account.d1Databases.some(({ uuid }) => uuid === binding.id)) {
      throw new ApiError(
        400,
        10181,
        `D1 binding '${binding.name}' references database '${binding.id}' which was not found.`,
      )
    }
    if (binding.type === 'service') checkService(binding, account, own.name)
    if (binding.type === 'durable_object_namespace') checkObject(binding, account, own)
  }
}

function checkService(
  { name, service, entrypoint }: Extract<Binding, { type: 'service' }>,
  account: Account,
  ownName: string,
): void {
  if (service === ownName) return
  const target = account.scripts.find((script) => script.name === service)
  if (!target) {
    throw new ApiError(400, 10143, `Service binding '${name}' references Worker '${service}' which was not found.`)
  }
  const known = target.versions.some(({ entrypoints }) => entrypoint === undefined || entrypoints.includes(entrypoint))
  if (known) return
  throw new ApiError(
    400,
    10144,
    `Service binding '${name}' references entrypoint '${entrypoint}' which Worker '${service}' does not export.`,
  )
}

function checkObject(
  { class_name: className, script_name: scriptName }: Extract<Binding, { type: 'durable_object_namespace' }>,
  account: Account,
  own: { readonly name: string; readonly classes: readonly string[] },
): void {
  const refuse = (reason: string) => {
    throw new ApiError(400, 10061, `Cannot create binding for class '${className}' ${reason}`)
  }
  if (scriptName === undefined || scriptName === own.name) {
    if (!own.classes.includes(className)) {
      refuse('because it is not currently configured to implement Durable Objects. Did you forget a migration?')
    }
    return
  }
  const host = account.scripts.find(({ name }) => name === scriptName)
  if (!host) refuse(`in script '${scriptName}' because that script was not found.`)
  if (host && !(className in host.classes)) {
    refuse(`because script '${scriptName}' is not currently configured to implement it as a Durable Object.`)
  }
}
