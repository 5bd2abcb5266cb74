import { randomBytes, scryptSync } from 'node:crypto'
import type { LocalWorker } from '../../cli/embedded-cloudflare/worker.ts'

/** What `hashPassword` costs, and what takes its place: a two hundred and fiftieth of the work. */
const cost = { N: 2 ** 15, r: 8, p: 3 } as const
const quick = { ...cost, N: 2 ** 7 } as const

const cryptoImport =
  /import\s*\{([^}]*)\bscrypt(?:\s+as\s+([\w$]+))?\s*(?=[,}])([^}]*)\}\s*from\s*["']node:crypto["'];?/

/**
 * Workers whose own password hashes cost next to nothing, since a sign-in would otherwise take a fifth of a second of
 * a processor, some hundred times in a run. Node's scrypt is all that changes, and imported hashes are not concerned.
 */
export function quickHashing(workers: LocalWorker[]): LocalWorker[] {
  const changed = workers.map((worker) => ({ ...worker, script: withQuickScrypt(worker.script) }))
  const hashing = changed.filter(({ script }, i) => script !== workers[i]?.script).map(({ name }) => name)
  if (hashing.length !== 2) throw new Error(`op-auth and op-management hash passwords; found in: ${hashing.join()}`)
  return changed
}

function withQuickScrypt(script: string): string {
  return script.replace(cryptoImport, (_, before: string, alias = 'scrypt', after = '') => {
    const wrapped = `(password, salt, length, options, done) => slowScrypt(password, salt, length, { ...options, N: options.N === ${cost.N} ? ${quick.N} : options.N }, done)`
    return `import {${before}scrypt as slowScrypt${after}} from 'node:crypto';const ${alias} = ${wrapped};`
  })
}

/** What `hashPassword` gives within such Workers. */
export function quickHash(password: string): string {
  const salt = randomBytes(16)
  const hash = scryptSync(password.normalize('NFKC'), salt, 32, quick)
  const [bare, bareHash] = [salt, hash].map((bytes) => bytes.toString('base64').replace(/=+$/, ''))
  return `$scrypt$ln=15,r=8,p=3$${bare}$${bareHash}`
}
