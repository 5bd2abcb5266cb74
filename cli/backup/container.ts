import { createCipheriv, createDecipheriv, randomBytes, scrypt } from 'node:crypto'
import { gunzipSync, gzipSync } from 'node:zlib'
import * as v from 'valibot'
import { CliError, usageError } from '../error.ts'

/**
 * A sealed file: one line of JSON that says how, a line feed, the ciphertext of the gzipped text, and the tag. The
 * line is authenticated with the rest, so that nobody can weaken it.
 */
const Header = v.strictObject({
  format: v.literal('authrim-backup'),
  version: v.literal(1),
  kdf: v.strictObject({
    name: v.literal('scrypt'),
    /** Bounded, or a file could make this machine work for days. */
    N: v.pipe(v.number(), v.integer(), v.minValue(2 ** 14), v.maxValue(2 ** 20)),
    r: v.literal(8),
    p: v.literal(1),
    salt: v.pipe(v.string(), v.base64()),
  }),
  cipher: v.strictObject({ name: v.literal('aes-256-gcm'), iv: v.pipe(v.string(), v.base64()) }),
})

type Kdf = v.InferOutput<typeof Header>['kdf']

const TAG = 16
const LINE_FEED = 0x0a
const NEWEST = 1

/** 128 MiB and half a second: a guess costs an attacker as much. */
const COST: Pick<Kdf, 'N' | 'r' | 'p'> = { N: 2 ** 17, r: 8, p: 1 }

/** Seals text under a passphrase. The file says what the cost was. */
export async function seal(text: string, passphrase: string, cost = COST): Promise<Buffer> {
  const kdf: Kdf = { name: 'scrypt', ...cost, salt: randomBytes(32).toString('base64') }
  const iv = randomBytes(12)
  const header = Buffer.from(
    `${JSON.stringify({ format: 'authrim-backup', version: 1, kdf, cipher: { name: 'aes-256-gcm', iv: iv.toString('base64') } })}\n`,
  )
  const cipher = createCipheriv('aes-256-gcm', await keyOf(passphrase, kdf), iv, { authTagLength: TAG }).setAAD(header)
  return Buffer.concat([header, cipher.update(gzipSync(text)), cipher.final(), cipher.getAuthTag()])
}

/** Opens what `seal` made; refuses another file, another passphrase, and one changed byte. */
export async function unseal(file: Buffer, passphrase: string): Promise<string> {
  const end = file.indexOf(LINE_FEED) + 1
  const { kdf, cipher } = readHeader(file.subarray(0, Math.min(end, 2048)).toString())
  const key = await keyOf(passphrase, kdf)
  const iv = Buffer.from(cipher.iv, 'base64')
  try {
    const decipher = createDecipheriv('aes-256-gcm', key, iv, { authTagLength: TAG })
      .setAAD(file.subarray(0, end))
      .setAuthTag(file.subarray(-TAG))
    return gunzipSync(Buffer.concat([decipher.update(file.subarray(end, -TAG)), decipher.final()])).toString()
  } catch {
    throw new CliError('The backup does not open: the passphrase is another one, or the file was changed.', {
      code: 'cannot_open',
      hint: 'Nothing was changed. Try the passphrase that it was made with, or another copy of the file.',
    })
  }
}

function readHeader(line: string): v.InferOutput<typeof Header> {
  let header: unknown
  try {
    header = JSON.parse(line)
  } catch {
    throw usageError('This file is no backup of authrim.')
  }
  const result = v.safeParse(Header, header)
  if (result.success) return result.output
  const newer = v.safeParse(v.object({ format: v.literal('authrim-backup'), version: v.number() }), header)
  if (newer.success && newer.output.version > NEWEST) {
    throw usageError('This backup was made by a newer authrim.', 'Update this one: npm install authrim@latest')
  }
  throw usageError('This file is no backup that this authrim reads.')
}

function keyOf(passphrase: string, { N, r, p, salt }: Kdf): Promise<Buffer> {
  const options = { N, r, p, maxmem: 256 * N * r }
  return new Promise((resolve, reject) => {
    scrypt(passphrase.normalize('NFC'), Buffer.from(salt, 'base64'), 32, options, (error, key) =>
      error ? reject(error) : resolve(key),
    )
  })
}
