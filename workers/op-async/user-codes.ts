import { base64url } from 'jose'
import { answered } from '../../shared/stores/d1/answered.ts'

/** What production allows; a short code is protected by counting attempts, this only slows down a stolen database. */
const iterations = 100_000

/**
 * The codes without which people want no requests (CIBA §7.1 `user_code`): clients ask for them and send them along.
 * Guarantee: what was set is read at once.
 */
export class UserCodes {
  readonly #db: D1Database

  constructor(db: D1Database) {
    this.#db = db
  }

  /** The stored form, or undefined for a person who wants none. */
  async find(sub: string): Promise<string | undefined> {
    const statement = this.#db.prepare("SELECT secret FROM credentials WHERE sub = ? AND type = 'user_code'").bind(sub)
    return (await answered(statement.first<string>('secret'))) ?? undefined
  }

  async set(sub: string, code: string, now: number): Promise<void> {
    const salt = crypto.getRandomValues(new Uint8Array(16))
    const secret = `$pbkdf2-sha256$${base64url.encode(salt)}$${await derived(code, salt)}`
    const statement = this.#db.prepare(
      "INSERT OR REPLACE INTO credentials (sub, type, secret, updated_at) VALUES (?, 'user_code', ?, ?)",
    )
    await answered(statement.bind(sub, secret, now).run())
  }

  async remove(sub: string): Promise<void> {
    await answered(this.#db.prepare("DELETE FROM credentials WHERE sub = ? AND type = 'user_code'").bind(sub).run())
  }
}

/** Whether a code is the one of a stored form. */
export async function isUserCode(stored: string, code: string): Promise<boolean> {
  const [, , salt = '', hash = ''] = stored.split('$')
  return hash === (await derived(code, base64url.decode(salt)))
}

async function derived(code: string, salt: Uint8Array): Promise<string> {
  const key = await crypto.subtle.importKey('raw', new TextEncoder().encode(code), 'PBKDF2', false, ['deriveBits'])
  const bits = await crypto.subtle.deriveBits({ name: 'PBKDF2', hash: 'SHA-256', salt, iterations }, key, 256)
  return base64url.encode(new Uint8Array(bits))
}
