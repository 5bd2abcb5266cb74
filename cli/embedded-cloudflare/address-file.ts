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

export type RecordedAddress = v.InferOutput<typeof addressSchema>

/** Where a running embedded Cloudflare leaves its address and token for this user. */
export function addressFile(env: NodeJS.ProcessEnv = process.env): string {
  const folder = env['XDG_CONFIG_HOME'] || join(env['HOME'] || homedir(), '.config')
  return join(folder, 'embedded-cloudflare', 'address.json')
}

/** Records an address, readable by this user alone. */
export function recordAddress(file: string, address: RecordedAddress): void {
  writePrivateFile(file, `${JSON.stringify(address, undefined, 2)}\n`)
}

/** The address that was recorded last; undefined where there is none or it cannot be read. */
export function recordedAddress(file: string): RecordedAddress | undefined {
  const text = readFileIfThere(file)
  if (text === undefined) return undefined
  try {
    return v.parse(addressSchema, JSON.parse(text))
  } catch {
    return undefined
  }
}

/** Takes the record away, unless another one has replaced it. */
export function forgetAddress(file: string, token: string): void {
  if (recordedAddress(file)?.token === token) rmSync(file, { force: true })
}
