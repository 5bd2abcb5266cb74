import { invalidRequest } from '../../shared/protocol/error.ts'
import { handleHash } from '../../shared/protocol/handle.ts'
import { decided } from '../../shared/stores/grants.ts'
import { shard, shardOf } from '../../shared/stores/shards.ts'
import type { SamlContext } from './deps.ts'
import { messageLifetime } from './envelope.ts'
import { tolerance } from './time.ts'

/**
 * Claims the id of a message or an assertion, once for each issuer (Bindings §3.4.5.2, Profiles §4.1.4.5).
 * @param expiresAt seconds; until then it could be believed again.
 * @throws OAuthError invalid_request for the second who comes with it.
 */
export async function claimOnce(c: SamlContext, issuer: string, id: string, expiresAt?: number): Promise<void> {
  const until = expiresAt ?? c.var.now + messageLifetime + 2 * tolerance
  // The length keeps two pairs of texts from being one.
  if (!(await isFirst(c, `${issuer.length}:${issuer}${id}`, until))) throw invalidRequest('the message was used before')
}

/** True for the one caller that comes first with a text. @param until seconds; so long is it remembered. */
export async function isFirst(c: SamlContext, text: string, until: number): Promise<boolean> {
  const key = `saml:${await handleHash(text)}`
  return decided(shard(c.var.deps.ledger, shardOf(key)).once(key, until))
}
