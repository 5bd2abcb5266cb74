import { CliError } from '../error.ts'

/** One check of `authrim doctor`. */
export interface Finding {
  readonly name: string
  readonly ok: boolean
  readonly detail: string
  /** What to do about it; absent where all is well. */
  readonly fix?: string
  /** Does it, where that can break nothing. */
  readonly repair?: () => void | Promise<void>
}

export function well(name: string, detail: string): Finding {
  return { name, ok: true, detail }
}

export function ill(name: string, detail: string, fix: string, repair?: Finding['repair']): Finding {
  return { name, ok: false, detail, fix, ...(repair && { repair }) }
}

/** Well without problems; with some, ill, naming them. */
export function judged(name: string, problems: readonly string[], detail: string, fix: string): Finding {
  return problems.length === 0 ? well(name, detail) : ill(name, problems.join('; '), fix)
}

/** A check that fails as a whole, such as one whose request is refused, is ill and hides no other. */
export async function examined(
  name: string,
  examine: () => Finding | readonly Finding[] | Promise<Finding | readonly Finding[]>,
  fix: string,
): Promise<Finding[]> {
  try {
    return [await examine()].flat()
  } catch (error) {
    const hint = error instanceof CliError ? error.hint : undefined
    return [ill(name, error instanceof Error ? error.message : String(error), hint ?? fix)]
  }
}
