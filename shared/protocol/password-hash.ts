import { Buffer } from 'node:buffer'
import { pbkdf2, randomBytes, scrypt, timingSafeEqual } from 'node:crypto'

/** 32 MiB and 0.2 s, an OWASP-listed choice; production refuses N·r·p above 2²⁰. */
const own = { ln: 15, r: 8, p: 3 } as const
const ownPrefix = `$scrypt$ln=${own.ln},r=${own.r},p=${own.p}$`
const saltBytes = 16
const hashBytes = 32

/** What Cloudflare lets a Worker compute; a hash beyond it could never be verified. */
const mostScryptWork = 2 ** 20
const mostScryptMemory = 2 ** 26
const mostPbkdf2Rounds = 100_000

/** A hash that no password has, for people who do not exist: it costs as much time as a real one. */
export const nobodysHash = `${ownPrefix}bm9ib2R5J3Mgc2FsdCEhIQ$bm9ib2R5IGhhcyB0aGlzIHBhc3N3b3JkLCBzb3JyeS4uLg`

/** Hashes a password for storage, as a PHC string. */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(saltBytes)
  const hash = await scryptHash(password, salt, 2 ** own.ln, own.r, own.p, hashBytes)
  return `${ownPrefix}${unpadded(salt)}$${unpadded(hash)}`
}

/** Whether a stored hash should be made anew from the password that was just verified. */
export function needsRehash(stored: string): boolean {
  return !stored.startsWith(ownPrefix)
}

/** Whether `verifyPassword` can decide about a hash: a format it reads, at a cost that a Worker may spend. */
export function isVerifiable(stored: string): boolean {
  return parse(stored) !== undefined
}

/** Whether the password is the one of a stored hash: ours, or one that was imported. */
export async function verifyPassword(stored: string, password: string): Promise<boolean> {
  const parsed = parse(stored)
  if (!parsed) return false
  const { salt, hash } = parsed
  const actual =
    parsed.format === 'scrypt'
      ? await scryptHash(password, salt, 2 ** parsed.ln, parsed.r, parsed.p, hash.length)
      : await pbkdf2Hash(password, salt, parsed.rounds, hash.length, parsed.digest)
  return timingSafeEqual(actual, hash)
}

type ParsedHash =
  | { readonly format: 'scrypt'; ln: number; r: number; p: number; salt: Buffer; hash: Buffer }
  | { readonly format: 'pbkdf2'; digest: string; rounds: number; salt: Buffer; hash: Buffer }

const scryptSyntax = /^\$scrypt\$ln=(\d{1,2}),r=(\d{1,2}),p=(\d{1,2})\$([\w+/]{1,200})\$([\w+/]{22,200})$/
const pbkdf2Syntax = /^\$pbkdf2-(sha256|sha512)\$i=(\d{1,7})(?:,l=\d{1,3})?\$([\w+/.]{1,200})=*\$([\w+/.]{22,200})=*$/
const djangoSyntax = /^pbkdf2_(sha256)\$(\d{1,7})\$([^$]{1,200})\$([\w+/]{22,200}=*)$/

function parse(stored: string): ParsedHash | undefined {
  return parseScrypt(stored) ?? parsePbkdf2(stored) ?? parseDjango(stored)
}

function parseScrypt(stored: string): ParsedHash | undefined {
  const match = scryptSyntax.exec(stored)
  if (!match) return undefined
  const [ln, r, p] = [Number(match[1]), Number(match[2]), Number(match[3])]
  const feasible =
    ln > 0 && r > 0 && p > 0 && 2 ** ln * r * p <= mostScryptWork && 128 * 2 ** ln * r <= mostScryptMemory
  return feasible ? { format: 'scrypt', ln, r, p, salt: bytes(match[4]), hash: bytes(match[5]) } : undefined
}

function parsePbkdf2(stored: string): ParsedHash | undefined {
  const match = pbkdf2Syntax.exec(stored)
  // Passlib writes '.' for '+'.
  return match
    ? pbkdf2Of(match, bytes(match[3]?.replaceAll('.', '+')), bytes(match[4]?.replaceAll('.', '+')))
    : undefined
}

function parseDjango(stored: string): ParsedHash | undefined {
  const match = djangoSyntax.exec(stored)
  return match ? pbkdf2Of(match, Buffer.from(match[3] ?? ''), bytes(match[4])) : undefined
}

function pbkdf2Of(match: RegExpExecArray, salt: Buffer, hash: Buffer): ParsedHash | undefined {
  const rounds = Number(match[2])
  if (!(rounds >= 1 && rounds <= mostPbkdf2Rounds)) return undefined
  return { format: 'pbkdf2', digest: match[1] ?? 'sha256', rounds, salt, hash }
}

function scryptHash(password: string, salt: Buffer, N: number, r: number, p: number, length: number): Promise<Buffer> {
  // Node's own limit is exactly what N and r need, which it then calls too little.
  const options = { N, r, p, maxmem: 128 * N * r + 128 * r * p + 2 ** 20 }
  return new Promise((resolve, reject) => {
    // The same password typed on another keyboard may arrive composed differently.
    scrypt(password.normalize('NFKC'), salt, length, options, (error, hash) => (error ? reject(error) : resolve(hash)))
  })
}

function pbkdf2Hash(password: string, salt: Buffer, rounds: number, length: number, digest: string): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    pbkdf2(password, salt, rounds, length, digest, (error, hash) => (error ? reject(error) : resolve(hash)))
  })
}

function bytes(base64: string | undefined): Buffer {
  return Buffer.from(base64 ?? '', 'base64')
}

function unpadded(value: Buffer): string {
  return value.toString('base64').replace(/=+$/, '')
}
