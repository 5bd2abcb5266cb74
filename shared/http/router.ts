import type { Route } from './context.ts'

/** A route and what its `:name`s stand for in a path. */
export interface Match<Deps> {
  readonly route: Route<Deps>
  readonly params: ReadonlyMap<string, string>
}

/** Finds the route of a path: an exact one before one with parameters, and of these the first. */
export class Router<Deps> {
  readonly #exact = new Map<string, Match<Deps>>()
  readonly #patterns: { readonly route: Route<Deps>; readonly parts: readonly string[] }[] = []

  constructor(routes: readonly Route<Deps>[]) {
    for (const route of routes)
      if (/[:*]/.test(route.path)) this.#patterns.push({ route, parts: route.path.split('/') })
      else this.#exact.set(route.path, { route, params: new Map() })
  }

  find(path: string): Match<Deps> | undefined {
    const exact = this.#exact.get(path)
    if (exact) return exact
    const given = path.split('/')
    for (const { route, parts } of this.#patterns) {
      const params = paramsOf(parts, given)
      if (params) return { route, params }
    }
    return undefined
  }
}

/** Undefined where the path does not fit, or is not percent-encoded as it should be. */
function paramsOf(parts: readonly string[], given: readonly string[]): Map<string, string> | undefined {
  const open = parts.at(-1) === '*'
  if (open ? given.length < parts.length : given.length !== parts.length) return undefined
  const params = new Map<string, string>()
  for (const [index, part] of parts.entries()) {
    const text = given[index] ?? ''
    if (part === '*') break
    if (!part.startsWith(':')) {
      if (part !== text) return undefined
      continue
    }
    const value = decoded(text)
    if (value === undefined || value === '') return undefined
    params.set(part.slice(1), value)
  }
  return params
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}
