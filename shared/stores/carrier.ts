/**
 * Carries records from the Worker that writes them to those that read them. Guarantee: none but this, that a value
 * it answers was written under that key. It may miss, be a minute late or fail, and a failure is a miss, so nothing
 * may depend on it alone.
 */
export interface Carrier {
  get(key: string): Promise<string | undefined>
  /** @param expiresAt seconds since the epoch; undefined keeps the record until it is deleted. */
  put(key: string, value: string, expiresAt: number | undefined, now: number): Promise<void>
  delete(key: string): Promise<void>
}
