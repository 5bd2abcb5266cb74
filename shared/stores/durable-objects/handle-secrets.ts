import { base64url } from 'jose'
import type { LeasedHandleKey } from '../../protocol/key-lease.ts'
import type { HandleKind } from '../../topology.ts'
import type { Seal } from './sealing.ts'

type Row = { id: number; sealed: string }

/** A secret that handle keys derive from, as a backup has it. */
export interface HandleSecret {
  readonly id: number
  readonly secret: string
}

/** Handles that a restore leaves valid: they name a registration or a device, not a sign-in. */
const lasting: readonly HandleKind[] = ['registration', 'initial', 'device']

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
    const sealed = await this.#seal.seal(label, randomSecret())
    this.#sql.exec('INSERT OR IGNORE INTO secrets VALUES (?, 1, ?)', label, sealed)
  }

  /** Adds a secret, which mints from now on. Answers its id. */
  async addNewest(): Promise<number> {
    const newest = Math.max(0, ...this.#rows().map(({ id }) => id)) + 1
    await this.put({ id: newest, secret: randomSecret() })
    return newest
  }

  async put({ id, secret }: HandleSecret): Promise<void> {
    this.#sql.exec('INSERT OR REPLACE INTO secrets VALUES (?, ?, ?)', label, id, await this.#seal.seal(label, secret))
  }

  /** The secrets in the clear. */
  reveal(): Promise<HandleSecret[]> {
    return Promise.all(
      this.#rows().map(async ({ id, sealed }) => ({ id, secret: await this.#seal.open(label, sealed) })),
    )
  }

  /**
   * Keys differ per kind, so that a Worker that mints one kind cannot forge another.
   * @param epoch the id from which on secrets count for handles that a restore ends.
   */
  async keys(kind: HandleKind, epoch: number): Promise<LeasedHandleKey[]> {
    const secrets = (await this.reveal()).filter(({ id }) => id >= epoch || lasting.includes(kind))
    return Promise.all(secrets.map(async ({ id, secret }) => ({ id, key: await derived(secret, `handle:${kind}`) })))
  }

  #rows(): Row[] {
    return this.#sql.exec<Row>('SELECT id, sealed FROM secrets WHERE name = ?', label).toArray()
  }
}

const label = 'handle'

function randomSecret(): string {
  return base64url.encode(crypto.getRandomValues(new Uint8Array(32)))
}

async function derived(secret: string, purpose: string): Promise<string> {
  const material = await crypto.subtle.importKey('raw', base64url.decode(secret), 'HKDF', false, ['deriveBits'])
  const info = new TextEncoder().encode(purpose)
  const parameters = { name: 'HKDF', hash: 'SHA-256', salt: new Uint8Array(), info }
  return base64url.encode(new Uint8Array(await crypto.subtle.deriveBits(parameters, material, 256)))
}
