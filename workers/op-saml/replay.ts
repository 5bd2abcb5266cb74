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
  const { deps, now } = c.var
  // The length keeps two pairs of texts from being one; the hash keeps keys short.
  const key = `saml:${await handleHash(`${issuer.length}:${issuer}${id}`)}`
  const until = expiresAt ?? now + messageLifetime + 2 * tolerance
  if (!(await decided(shard(deps.ledger, shardOf(key)).once(key, until))))
    throw invalidRequest('the message was used before')
}
