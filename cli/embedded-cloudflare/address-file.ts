import { homedir } from 'node:os'
import { join } from 'node:path'
import { rmSync } from 'node:fs'
import * as v from 'valibot'
import { readFileIfThere, writePrivateFile } from './state/atomic-file.ts'

const addressSchema = v.object({
  /** The API's base, with /client/v4. */
  apiBase: v.string(),
  edgeOrigin: v.string(),
  token: v.string(),
  pid: v.number(),
})

const fileSchema = v.object({ addresses: v.array(addressSchema) })

export type RecordedAddress = v.InferOutput<typeof addressSchema>

/** Where running embedded Cloudflares leave their addresses and tokens for this user. */
export function addressFile(env: NodeJS.ProcessEnv = process.env): string {
  const folder = env['XDG_CONFIG_HOME'] || join(env['HOME'] || homedir(), '.config')
  return join(folder, 'embedded-cloudflare', 'addresses.json')
}

/** Records an address before the others, readable by this user alone. */
export function recordAddress(file: string, address: RecordedAddress): void {
  const others = recordedAddresses(file).filter(({ apiBase }) => apiBase !== address.apiBase)
  write(file, [address, ...others])
}

/** The addresses that were recorded, the latest first; a process that was killed left its own behind. */
export function recordedAddresses(file: string): RecordedAddress[] {
  const text = readFileIfThere(file)
  if (text === undefined) return []
  try {
    return v.parse(fileSchema, JSON.parse(text)).addresses
  } catch {
    return []
  }
}

/** Takes a record away. */
export function forgetAddress(file: string, apiBase: string): void {
  const others = recordedAddresses(file).filter((address) => address.apiBase !== apiBase)
  if (others.length > 0) write(file, others)
  else rmSync(file, { force: true })
}

function write(file: string, addresses: readonly RecordedAddress[]): void {
  writePrivateFile(file, `${JSON.stringify({ addresses }, undefined, 2)}\n`)
}
