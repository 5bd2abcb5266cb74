import { base64url } from 'jose'
import type { LeasedHandleKey } from '../../protocol/key-lease.ts'
import type { HandleKind } from '../../topology.ts'
import type { Seal } from './sealing.ts'

type Row = { id: number; sealed: string }

/** What the keys of all handle kinds are derived from, in KeyManager. */
export class HandleSecrets {
  readonly #sql: SqlStorage
  readonly #seal: Seal

  constructor(sql: SqlStorage, seal: Seal) {
    this.#sql = sql
    this.#seal = seal
    sql.exec(`CREATE TABLE IF NOT EXISTS secrets (
      name TEXT NOT NULL, id INTEGER NOT NULL, sealed TEXT NOT NULL, PRIMARY KEY (name, id)) WITHOUT ROWID`)
  }

  isEmpty(): boolean {
    return this.#rows().length === 0
  }

  /** Makes the first secret; of several callers one is heard. */
  async make(): Promise<void> {
    const sealed = await this.#seal.seal(label, base64url.encode(crypto.getRandomValues(new Uint8Array(32))))
    this.#sql.exec('INSERT OR IGNORE INTO secrets VALUES (?, 1, ?)', label, sealed)
  }

  /** Keys differ per kind, so that a Worker that mints one kind cannot forge another. */
  async keys(kind: HandleKind): Promise<LeasedHandleKey[]> {
    return Promise.all(
      this.#rows().map(async ({ id, sealed }) => ({
        id,
        key: await derived(await this.#seal.open(label, sealed), `handle:${kind}`),
      })),
    )
  }

  #rows(): Row[] {
    return this.#sql.exec<Row>('SELECT id, sealed FROM secrets WHERE name = ?', label).toArray()
  }
}

const label = 'handle'

async function derived(secret: string, purpose: string): Promise<string> {
  const material = await crypto.subtle.importKey('raw', base64url.decode(secret), 'HKDF', false, ['deriveBits'])
  const info = new TextEncoder().encode(purpose)
  const parameters = { name: 'HKDF', hash: 'SHA-256', salt: new Uint8Array(), info }
  return base64url.encode(new Uint8Array(await crypto.subtle.deriveBits(parameters, material, 256)))
}
