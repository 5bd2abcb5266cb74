import * as v from 'valibot'
import { randomId } from '../../../shared/protocol/handle.ts'
import type { ManagementCall } from '../deps.ts'
import { isoTime } from '../../../shared/http/admin/page.ts'

const day = 86_400

const NewToken = v.object({
  expiresIn: v.exactOptional(v.pipe(v.number(), v.integer(), v.minValue(60), v.maxValue(365 * day))),
})

/** An initial access token (RFC 7591 §3): whoever holds it may register clients until it expires. */
export async function createRegistrationToken(call: ManagementCall): Promise<Response> {
  const { expiresIn = day } = call.body(NewToken)
  const expiresAt = call.now + expiresIn
  const handle = { kind: 'initial', shard: 0, expiresAt, generation: 0, id: randomId() } as const
  const token = await call.effect(() => call.deps.keyring.mint(handle, call.now))
  return call.answer({ registrationToken: { token, expiresAt: isoTime(expiresAt) } }, 201)
}
