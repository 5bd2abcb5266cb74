import { CompactSign } from 'jose'
import type { SigningAlgorithm } from '../protocol/client.ts'
import type { Keyring } from './keyring.ts'

const encoder = new TextEncoder()

/** A JWT signed with the current key of an algorithm. `now` in seconds. */
export async function signJwt(
  keyring: Keyring,
  alg: SigningAlgorithm,
  typ: string,
  claims: object,
  now: number,
): Promise<string> {
  const { kid, key } = await keyring.signer(alg, now)
  // `SignJWT` would clone the claims and check the times that we have just computed.
  return new CompactSign(encoder.encode(JSON.stringify(claims))).setProtectedHeader({ alg, kid, typ }).sign(key)
}
