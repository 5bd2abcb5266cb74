import { base64url } from 'jose'
import { secretHash } from '../../shared/http/authenticate-client.ts'
import type { ClientSecret } from '../../shared/protocol/client.ts'

/** A secret of 256 random bits: its text, shown once, and what is stored. */
export async function newSecret(): Promise<{ text: string; stored: ClientSecret }> {
  const text = base64url.encode(crypto.getRandomValues(new Uint8Array(32)))
  return { text, stored: { hash: await secretHash(text) } }
}

/** The secrets that still count, with the one in force ending at `endsAt`. */
export function endingSecrets(secrets: readonly ClientSecret[], endsAt: number, now: number): ClientSecret[] {
  return secrets
    .map(({ hash, expires_at }) => ({ hash, expires_at: Math.min(expires_at ?? endsAt, endsAt) }))
    .filter(({ expires_at }) => expires_at > now)
}
