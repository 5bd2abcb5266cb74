import type { HandleSecret, HandleSecrets } from './handle-secrets.ts'
import type { PairwiseSalt, RevealedSalt } from './pairwise-salt.ts'
import type { RevealedSamlKey, SamlKeys } from './saml-keys.ts'
import type { RevealedKey, SigningKeys } from './signing-keys.ts'

/** What a backup has of the keys. */
export type KeyBackup = RevealedKey | RevealedSamlKey | HandleSecret | RevealedSalt

interface Kept {
  readonly signing: SigningKeys
  readonly saml: SamlKeys
  readonly handles: HandleSecrets
  readonly salt: PairwiseSalt
}

/** Every key and secret in the clear, for a backup that is sealed elsewhere. There is never more than a page. */
export async function revealedKeys(kept: Kept, now: number): Promise<KeyBackup[]> {
  return [
    ...(await kept.signing.reveal(now)),
    ...(await kept.saml.reveal()),
    ...(await kept.handles.reveal()),
    ...(await kept.salt.reveal()),
  ]
}

/**
 * Puts the keys of a backup in place of those here, except revoked ones. Secrets are added: a backup older than the
 * last epoch does not end it. Answers how many there were.
 */
export async function putBack(
  kept: Kept,
  rows: readonly unknown[],
  wasRevoked: (kid: string) => boolean,
): Promise<number> {
  await kept.signing.checkSecret()
  const signing = rows.filter(isRevealedKey).filter(({ kid }) => !wasRevoked(kid))
  const saml = rows.filter(isRevealedSamlKey).filter(({ kid }) => !wasRevoked(kid))
  const secrets = rows.filter(isHandleSecret)
  const salts = rows.filter(isRevealedSalt)
  if (signing.length > 0) await kept.signing.replaceAll(signing)
  if (saml.length > 0) await kept.saml.replaceAll(saml)
  for (const secret of secrets) await kept.handles.put(secret)
  for (const salt of salts) await kept.salt.put(salt)
  return signing.length + saml.length + secrets.length + salts.length
}

function isRevealedKey(row: unknown): row is RevealedKey {
  return hasMembers(row, { ...keyMembers, certificate: 'undefined' })
}

function isRevealedSamlKey(row: unknown): row is RevealedSamlKey {
  return hasMembers(row, { ...keyMembers, certificate: 'string', expiresAt: 'number' })
}

function isHandleSecret(row: unknown): row is HandleSecret {
  return hasMembers(row, { id: 'number', secret: 'string' })
}

function isRevealedSalt(row: unknown): row is RevealedSalt {
  return hasMembers(row, { pairwise: 'string' })
}

const keyMembers = { kid: 'string', alg: 'string', privateKey: 'object', createdAt: 'number' }

function hasMembers(row: unknown, types: Readonly<Record<string, string>>): boolean {
  if (typeof row !== 'object' || row === null) return false
  return Object.entries(types).every(([name, type]) => typeof Reflect.get(row, name) === type)
}
