import { base64url } from 'jose'
import { type HandleKind, handleKinds } from '../topology.ts'

/**
 * Everything opaque that a Worker hands out: 45 octets, 60 characters of base64url.
 *
 *     octet   0        1     2       3–4    5–8      9–12        13–28  29–44
 *             version  kind  key id  shard  expiry   generation  id     HMAC-SHA-256, first half
 *
 * A forged, expired or foreign handle is refused by arithmetic, before any storage is asked.
 */
export interface Handle {
  readonly kind: HandleKind
  readonly shard: number
  /** Seconds since the epoch; `never` for handles that only a deletion ends. */
  readonly expiresAt: number
  /** Counts the rotations of a refresh token; tells devices apart in a device handle; otherwise 0. */
  readonly generation: number
  /** 128 bits, base64url. */
  readonly id: string
}

/** The keys of one kind by key id; the highest id mints. */
export type HandleKeys = ReadonlyMap<number, CryptoKey>

export const never = 0xffffffff

const version = 1
const macAt = 29
const length = 45
const textLength = 60

/** A fresh 128-bit identifier, base64url. */
export function randomId(): string {
  return base64url.encode(crypto.getRandomValues(new Uint8Array(16)))
}

/**
 * Writes a handle. The same fields give the same text, so that a retried rotation repeats its answer.
 */
export async function mintHandle(keys: HandleKeys, fields: Handle): Promise<string> {
  const keyId = Math.max(...keys.keys())
  const bytes = new Uint8Array(length)
  const view = new DataView(bytes.buffer)
  bytes[0] = version
  bytes[1] = handleKinds.indexOf(fields.kind)
  bytes[2] = keyId
  view.setUint16(3, fields.shard)
  view.setUint32(5, fields.expiresAt)
  view.setUint32(9, fields.generation)
  bytes.set(base64url.decode(fields.id), 13)
  bytes.set(await mac(keyOf(keys, keyId), bytes), macAt)
  return base64url.encode(bytes)
}

/**
 * Reads a handle of the given kind. Answers undefined for any text that we did not mint for this kind
 * or whose expiry lies before `now` (seconds).
 */
export async function openHandle(
  keys: HandleKeys,
  kind: HandleKind,
  text: string,
  now: number,
): Promise<Handle | undefined> {
  const bytes = decode(text)
  if (!bytes || bytes[0] !== version || handleKinds[bytes[1] ?? 255] !== kind) return undefined
  const view = new DataView(bytes.buffer, bytes.byteOffset, length)
  const expiresAt = view.getUint32(5)
  const key = keys.get(view.getUint8(2))
  if (!key || expiresAt <= now) return undefined
  if (!equal(await mac(key, bytes), bytes.subarray(macAt))) return undefined
  return {
    kind,
    shard: view.getUint16(3),
    expiresAt,
    generation: view.getUint32(9),
    id: base64url.encode(bytes.subarray(13, macAt)),
  }
}

/** What storage keeps in place of a handle: SHA-256 of its text, first 128 bits, base64url. */
export async function handleHash(text: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', encoder.encode(text))
  return base64url.encode(new Uint8Array(digest, 0, 16))
}

const encoder = new TextEncoder()

function decode(text: string): Uint8Array | undefined {
  if (text.length !== textLength || !/^[\w-]+$/.test(text)) return undefined
  const bytes = base64url.decode(text)
  return bytes.length === length ? bytes : undefined
}

async function mac(key: CryptoKey, bytes: Uint8Array): Promise<Uint8Array> {
  const full = await crypto.subtle.sign('HMAC', key, bytes.slice(0, macAt))
  return new Uint8Array(full, 0, length - macAt)
}

function equal(a: Uint8Array, b: Uint8Array): boolean {
  let difference = a.length ^ b.length
  for (let i = 0; i < a.length; i++) difference |= (a[i] ?? 0) ^ (b[i] ?? 0)
  return difference === 0
}

function keyOf(keys: HandleKeys, id: number): CryptoKey {
  const key = keys.get(id)
  if (!key) throw new Error('no handle key is leased')
  return key
}
