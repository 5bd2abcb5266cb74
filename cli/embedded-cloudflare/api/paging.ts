import type { Answer } from './answer.ts'
import { badRequest } from './api-error.ts'

/** A page of a list by `page` and `per_page`, with the figures of result_info. */
export function paged<T>(items: readonly T[], query: URLSearchParams, defaultSize = 20) {
  const page = Math.max(1, positive(query, 'page', 1))
  const size = positive(query, 'per_page', defaultSize)
  const slice = items.slice((page - 1) * size, page * size)
  return {
    items: slice,
    info: {
      page,
      per_page: size,
      count: slice.length,
      total_count: items.length,
      total_pages: Math.ceil(items.length / size),
    },
  }
}

/** The answer for a paged list. */
export function pagedAnswer(items: readonly unknown[], query: URLSearchParams, defaultSize?: number): Answer {
  const { items: result, info } = paged(items, query, defaultSize)
  return { result, resultInfo: info }
}

function positive(query: URLSearchParams, name: string, otherwise: number): number {
  const text = query.get(name)
  if (text === null || text === '') return otherwise
  const value = Number(text)
  // wrangler counts some lists from page 0.
  if (!Number.isInteger(value) || value < 0 || (name === 'per_page' && value === 0)) {
    throw badRequest(`${name} must be a positive number`, 6007)
  }
  return value
}
