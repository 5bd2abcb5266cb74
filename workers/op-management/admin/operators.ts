import * as v from 'valibot'
import { OAuthError, invalidRequest } from '../../../shared/protocol/error.ts'
import type { Operator } from '../../../shared/stores/durable-objects/operator-registry.ts'
import { decided } from '../../../shared/stores/grants.ts'
import { sha256 } from '../../../shared/http/admin/authenticate-operator.ts'
import type { ManagementCall } from '../deps.ts'
import { isoTime } from '../../../shared/http/admin/page.ts'

const NewOperator = v.object({
  name: v.pipe(v.string(), v.regex(/^[^\p{C}]{1,100}$/u, 'up to 100 characters')),
  publicKey: v.object({
    kty: v.picklist(['OKP']),
    crv: v.picklist(['Ed25519'], 'the key must be an Ed25519 public key'),
    x: v.pipe(v.string(), v.regex(/^[\w-]{43}$/)),
  }),
  expiresAt: v.exactOptional(
    v.pipe(
      v.string(),
      v.check((text) => Date.parse(text) > 0, 'a time, ISO 8601'),
    ),
  ),
})

export async function listOperators(call: ManagementCall): Promise<Response> {
  const operators = await decided(call.deps.keyManager().operators())
  return call.answer({ operators: operators.map(shownOperator) })
}

export async function addOperator(call: ManagementCall): Promise<Response> {
  const { name, publicKey, expiresAt } = call.body(NewOperator)
  const { kty, crv, x } = publicKey
  const kid = await thumbprint(x)
  call.target = kid
  const expiry = expiresAt === undefined ? undefined : Math.floor(Date.parse(expiresAt) / 1000)
  if (expiry !== undefined && expiry <= call.now) throw invalidRequest('expiresAt has passed')
  const keyManager = call.deps.keyManager()
  const operators = await decided(keyManager.operators())
  if (operators.some((operator) => operator.kid === kid))
    throw new OAuthError('already_exists', 'this key belongs to an operator')
  const operator = { kid, name, publicKey: { kty, crv, x }, createdAt: call.now, expiresAt: expiry }
  await call.effect(() => decided(keyManager.addOperator(operator)))
  return call.answer({ operator: shownOperator(operator) }, 201)
}

export async function removeOperator(call: ManagementCall): Promise<Response> {
  const kid = call.subject('kid')
  await call.effect(async () => {
    const result = await decided(call.deps.keyManager().removeOperator(kid))
    if (result === 'unknown') throw new OAuthError('not_found', 'there is no such operator')
    if (result === 'last') throw invalidRequest('the last operator cannot be removed; add another one first')
  })
  return call.nothing()
}

/** RFC 7638 §3: the members that make an Ed25519 key, in the order of their names. */
function thumbprint(x: string): Promise<string> {
  return sha256(JSON.stringify({ crv: 'Ed25519', kty: 'OKP', x }))
}

function shownOperator({ kid, name, createdAt, expiresAt }: Omit<Operator, 'publicKey'>): object {
  const expiry = expiresAt === undefined ? null : isoTime(expiresAt)
  return { kid, name, createdAt: isoTime(createdAt), expiresAt: expiry }
}
