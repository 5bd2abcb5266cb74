import { randomBytes } from 'node:crypto'
import { readFileIfThere, writePrivateFile } from '../state/atomic-file.ts'

/** The token of this embedded Cloudflare: made once, kept in a file that only this user may read. */
export function ensureToken(file: string): string {
  const kept = readFileIfThere(file)?.trim()
  if (kept) return kept
  const token = randomBytes(30).toString('base64url')
  writePrivateFile(file, `${token}\n`)
  return token
}
