import type { TomlTable, TomlValue } from 'smol-toml'

/** Fills `{{name}}` in every text of a parsed template. What is inserted is never looked at again. */
export function fillPlaceholders(table: TomlTable, values: Readonly<Record<string, string>>): TomlTable {
  return Object.fromEntries(Object.entries(table).map(([key, value]) => [key, fill(value, values)]))
}

function fill(value: TomlValue, values: Readonly<Record<string, string>>): TomlValue {
  if (typeof value === 'string') {
    return value.replaceAll(/\{\{(.+?)\}\}/g, (_, name: string) => {
      const found = Object.hasOwn(values, name) ? values[name] : undefined
      if (found === undefined) throw new Error(`the template asks for {{${name}}}, which has no value`)
      return found
    })
  }
  if (Array.isArray(value)) return value.map((item) => fill(item, values))
  return isTable(value) ? fillPlaceholders(value, values) : value
}

/** True for a TOML table: no list, date or plain value. */
export function isTable(value: TomlValue | undefined): value is TomlTable {
  return typeof value === 'object' && !Array.isArray(value) && !(value instanceof Date)
}
