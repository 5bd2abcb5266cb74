import { randomUUID } from 'node:crypto'
import { hostname, userInfo } from 'node:os'
import * as v from 'valibot'
import type { AccountApi } from '../cloudflare/account-api.ts'
import { queryDatabase } from '../cloudflare/resources.ts'
import { CliError } from '../error.ts'

const Holder = v.object({
  token: v.string(),
  owner: v.string(),
  host: v.string(),
  pid: v.string(),
  command: v.string(),
  since: v.string(),
})

type Holder = v.InferOutput<typeof Holder>

/** D1's clock counts, so that two operators need not agree on the time. */
const NOW = "strftime('%Y-%m-%dT%H:%M:%SZ', 'now')"
/** A holder that has not renewed for so long is gone. */
const STALE = "strftime('%Y-%m-%dT%H:%M:%SZ', 'now', '-15 minutes')"

export interface LockOptions {
  readonly command: string
  readonly breakLock: boolean
}

/** Keeps a second operator from an environment while this one changes it: one row in its D1 database. */
export class Lock {
  readonly #account: AccountApi
  readonly #database: string
  readonly #token: string

  private constructor(account: AccountApi, database: string, token: string) {
    this.#account = account
    this.#database = database
    this.#token = token
  }

  /** Takes the lock, from a process of this machine that died too; another's is refused with who has it. */
  static async take(account: AccountApi, database: string, { command, breakLock }: LockOptions): Promise<Lock> {
    const query = (sql: string, params: string[] = []) => queryDatabase(account, database, { sql, params }, v.unknown())
    await query(
      'CREATE TABLE IF NOT EXISTS authrim_lock (id INTEGER PRIMARY KEY CHECK (id = 1), token TEXT NOT NULL, owner TEXT NOT NULL, host TEXT NOT NULL, pid TEXT NOT NULL, command TEXT NOT NULL, since TEXT NOT NULL, renewed TEXT NOT NULL)',
    )
    const token = randomUUID()
    for (let attempt = 0; attempt < 3; attempt++) {
      const taken = await query(
        `INSERT INTO authrim_lock (id, token, owner, host, pid, command, since, renewed) VALUES (1, ?, ?, ?, ?, ?, ${NOW}, ${NOW})
         ON CONFLICT (id) DO UPDATE SET token = excluded.token, owner = excluded.owner, host = excluded.host, pid = excluded.pid, command = excluded.command, since = excluded.since, renewed = excluded.renewed
         WHERE authrim_lock.renewed < ${STALE} OR authrim_lock.token = excluded.token RETURNING token`,
        [token, userInfo().username, hostname(), String(process.pid), command],
      )
      if (taken.length > 0) return new Lock(account, database, token)
      const holder = await findHolder(account, database)
      if (holder) {
        if (!breakLock && !isDead(holder)) throw held(holder)
        await query('DELETE FROM authrim_lock WHERE token = ?', [holder.token])
      }
    }
    throw new CliError('The lock of this environment cannot be taken.', { hint: 'Run the command again.' })
  }

  /** Says that this run is alive; refuses to go on when another operator broke the lock. */
  async renew(): Promise<void> {
    const rows = await queryDatabase(
      this.#account,
      this.#database,
      { sql: `UPDATE authrim_lock SET renewed = ${NOW} WHERE token = ? RETURNING token`, params: [this.#token] },
      v.unknown(),
    )
    if (rows.length > 0) return
    throw new CliError('Another operator has broken the lock of this run.', {
      code: 'lock_lost',
      hint: 'Find out who, then run the command again.',
    })
  }

  /** Gives the lock back; failing to is no failure of the run, since it goes stale. */
  async release(): Promise<void> {
    await queryDatabase(
      this.#account,
      this.#database,
      { sql: 'DELETE FROM authrim_lock WHERE token = ?', params: [this.#token] },
      v.unknown(),
    ).catch(() => undefined)
  }
}

async function findHolder(account: AccountApi, database: string): Promise<Holder | undefined> {
  const sql = 'SELECT token, owner, host, pid, command, since FROM authrim_lock'
  const [holder] = await queryDatabase(account, database, { sql }, Holder)
  return holder
}

/** A process of this machine that does not run any more. */
function isDead({ host, pid }: Holder): boolean {
  if (host !== hostname()) return false
  try {
    process.kill(Number(pid), 0)
    return false
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'ESRCH'
  }
}

function held({ owner, host, pid, command, since }: Holder): CliError {
  return new CliError(`${owner} on ${host} (process ${pid}) runs authrim ${command} here since ${since}.`, {
    code: 'locked',
    hint: `Wait for it. If it is gone: authrim ${command} --break-lock`,
    details: { owner, host, pid, command, since },
  })
}
