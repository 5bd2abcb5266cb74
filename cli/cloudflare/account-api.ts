import type { CloudflareAccess } from './account.ts'
import { type CloudflareClient, cloudflareClient } from './client.ts'
import { cloudflareFailure } from './failure.ts'

/** One account at Cloudflare, reached with one token. */
export class AccountApi {
  readonly id: string
  readonly access: CloudflareAccess
  readonly client: CloudflareClient

  constructor(id: string, access: CloudflareAccess, onRequest?: (line: string) => void) {
    this.id = id
    this.access = access
    this.client = cloudflareClient(access, onRequest)
  }

  /** `/accounts/<id>/…`, as failures name what was asked. */
  path(below: string): string {
    return `/accounts/${this.id}/${below}`
  }
}

/** Does something at Cloudflare; a failure says what it was, and which permission the path needs. */
export async function attempt<T>(what: string, path: string, action: () => PromiseLike<T>): Promise<T> {
  try {
    return await action()
  } catch (error) {
    throw cloudflareFailure(what, error, path)
  }
}

/** Every item of a list that pages. */
export async function everyItem<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = []
  for await (const item of items) found.push(item)
  return found
}
