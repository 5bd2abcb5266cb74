import { usageError } from '../error.ts'

/** The members of `environments.production.issuer`; names with dots stand in brackets, `vars["op-auth"].X`. */
export function parsePath(path: string): string[] {
  const members = [...path.matchAll(/([^.[\]"]+)|\["([^"]+)"\]/g)].map(([, plain, quoted]) => plain ?? quoted ?? '')
  if (members.length === 0 || members.some((name) => ['__proto__', 'constructor', 'prototype'].includes(name))) {
    throw usageError(`${path} is no path.`, 'Write environments.production.issuer.')
  }
  return members
}

/** What stands at a path; undefined when nothing does. */
export function valueAt(document: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (value, name) =>
      typeof value === 'object' && value !== null && Object.hasOwn(value, name) ? Reflect.get(value, name) : undefined,
    document,
  )
}

/** A copy of the document with another value at the path; undefined removes the member. */
export function withValue(document: unknown, path: readonly string[], value: unknown): unknown {
  const [name, ...rest] = path
  if (name === undefined) return value
  const object = typeof document === 'object' && document !== null && !Array.isArray(document) ? document : {}
  const next = withValue(valueAt(object, [name]), rest, value)
  if (next !== undefined) return { ...object, [name]: next }
  return Object.fromEntries(Object.entries(object).filter(([key]) => key !== name))
}
