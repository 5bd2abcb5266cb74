/** An authorization response: where the browser is sent, and what it carries there. */
export interface Answer {
  /** The redirect URI without what the response added to a fragment. */
  readonly location: URL
  readonly parameters: Readonly<Record<string, string>>
}

/** The response in the query of a redirect, or in its fragment. */
export function answerOf(response: Response): Answer {
  const location = response.headers.get('location')
  if (response.status !== 303 || location === null) throw new Error(`no redirect but ${response.status}`)
  const url = new URL(location)
  const parameters = url.hash === '' ? url.searchParams : new URLSearchParams(url.hash.slice(1))
  return { location: url, parameters: Object.fromEntries(parameters) }
}

/** The title of a page, by which support and tests tell pages apart. */
export function titleOf(page: string): string {
  return /<h1>(.*?)<\/h1>/.exec(page)?.[1] ?? ''
}
