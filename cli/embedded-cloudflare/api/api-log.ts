/** One request to the API, as it was answered. */
export interface ApiLogEntry {
  readonly time: Date
  readonly method: string
  /** Path below the API's base, without the query. */
  readonly path: string
  readonly query: string
  /** 0 when the connection was closed without an answer. */
  readonly status: number
  readonly milliseconds: number
  /** The fault that was injected. */
  readonly fault?: string
}

const KEPT = 10_000

/** What the API was asked, oldest first. */
export class ApiLog {
  readonly entries: ApiLogEntry[] = []

  add(entry: ApiLogEntry): void {
    this.entries.push(entry)
    if (this.entries.length > KEPT) this.entries.splice(0, this.entries.length - KEPT)
  }

  clear(): void {
    this.entries.length = 0
  }

  /** Requests that may have changed something. D1 queries, analytics and tails are POSTs that change no resource. */
  get writes(): ApiLogEntry[] {
    return this.entries.filter(({ method, path }) => !/^(GET|HEAD)$/.test(method) && !isRead(path))
  }

  /** `METHOD path` of each request. */
  get lines(): string[] {
    return this.entries.map(({ method, path }) => `${method} ${path}`)
  }
}

function isRead(path: string): boolean {
  return path === '/graphql' || /\/(tails(\/[^/]+)?|bulk\/get|domains\/changeset|raw|query)$/.test(path)
}
