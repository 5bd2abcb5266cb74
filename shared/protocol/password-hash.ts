import { pbkdf2Sync, scryptSync, timingSafeEqual } from 'node:crypto'
import { compareSync } from 'bcryptjs'

/** OWASP's choice of 32 MiB; Cloudflare refuses N·r·p over 2²⁰. */
const current = { ln: 15, r: 8, p: 3 }
const hashBytes = 32

/** Nobody has it; verifying against it takes as long as against a real one. */
export const nobodysHash =
  '$scrypt$ln=15,r=8,p=3$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'

/** A PHC string of the password with a fresh salt. Stops the isolate for about 0.2 s. */
export function hashPassword(password: string): string {
  const salt = Buffer.from(crypto.getRandomValues(new Uint8Array(16)))
  const hash = scrypt(password, salt, current)
  return `$scrypt$ln=${current.ln},r=${current.r},p=${current.p}$${unpadded(salt)}$${unpadded(hash)}`
}

/** Whether the password belongs to a stored hash: ours, or one imported from another system. */
export function verifyPassword(stored: string, password: string): boolean {
  const parsed = parseHash(stored)
  if (!parsed) return false
  if (parsed.scheme === 'bcrypt') return compareSync(password, stored)
  const { salt, hash } = parsed
  const computed =
    parsed.scheme === 'scrypt'
      ? scrypt(password, salt, parsed)
      : pbkdf2Sync(normal(password), salt, parsed.iterations, hash.length, parsed.digest)
  return computed.length === hash.length && timingSafeEqual(computed, hash)
}

/** Whether a hash should be replaced at the next sign-in. */
export function needsRehash(stored: string): boolean {
  return !stored.startsWith(`$scrypt$ln=${current.ln},r=${current.r},p=${current.p}$`)
}

/** Whether a hash from elsewhere can be verified here at all. */
export function isVerifiable(stored: string): boolean {
  return parseHash(stored) !== undefined
}

type ParsedHash =
  | { scheme: 'bcrypt' }
  | { scheme: 'scrypt'; ln: number; r: number; p: number; salt: Buffer; hash: Buffer }
  | { scheme: 'pbkdf2'; digest: 'sha256' | 'sha512'; iterations: number; salt: Buffer; hash: Buffer }

function parseHash(stored: string): ParsedHash | undefined {
  if (/^\$2[aby]\$(0[4-9]|1[0-4])\$[./\w]{53}$/.test(stored)) return { scheme: 'bcrypt' }
  const scrypted = /^\$scrypt\$ln=(\d{1,2}),r=(\d{1,2}),p=(\d{1,2})\$([\w+/]+)\$([\w+/]+)$/.exec(stored)
  if (scrypted) {
    const [ln, r, p] = [Number(scrypted[1]), Number(scrypted[2]), Number(scrypted[3])]
    const affordable = ln > 0 && r > 0 && p > 0 && 2 ** ln * r * p <= 2 ** 20
    return affordable ? { scheme: 'scrypt', ln, r, p, ...saltAndHash(scrypted[4], scrypted[5]) } : undefined
  }
  const phc = /^\$pbkdf2-(sha256|sha512)\$i=(\d{1,6})(?:,l=\d+)?\$([\w+/]+)\$([\w+/]+)$/.exec(stored)
  if (phc) return pbkdf2(phc[1], phc[2], saltAndHash(phc[3], phc[4]))
  const django = /^pbkdf2_sha256\$(\d{1,6})\$([^$]+)\$([\w+/]+=*)$/.exec(stored)
  if (django)
    return pbkdf2('sha256', django[1], {
      salt: Buffer.from(django[2] ?? ''),
      hash: Buffer.from(django[3] ?? '', 'base64'),
    })
  return undefined
}

/** Cloudflare caps PBKDF2 at 100,000 rounds; a hash beyond could never be verified in production. */
function pbkdf2(
  digest: string | undefined,
  rounds: string | undefined,
  parts: { salt: Buffer; hash: Buffer },
): ParsedHash | undefined {
  const iterations = Number(rounds)
  if (iterations < 1 || iterations > 100_000) return undefined
  return { scheme: 'pbkdf2', digest: digest === 'sha512' ? 'sha512' : 'sha256', iterations, ...parts }
}

function saltAndHash(salt: string | undefined, hash: string | undefined): { salt: Buffer; hash: Buffer } {
  return { salt: Buffer.from(salt ?? '', 'base64'), hash: Buffer.from(hash ?? '', 'base64') }
}

function scrypt(password: string, salt: Buffer, { ln, r, p }: { ln: number; r: number; p: number }): Buffer {
  const maxmem = 2 * 128 * 2 ** ln * r + 1024 * 1024
  return scryptSync(normal(password), salt, hashBytes, { N: 2 ** ln, r, p, maxmem })
}

/** The same password typed on another keyboard may arrive composed differently. */
function normal(password: string): string {
  return password.normalize('NFKC')
}

function unpadded(bytes: Buffer): string {
  return bytes.toString('base64').replace(/=+$/, '')
}
