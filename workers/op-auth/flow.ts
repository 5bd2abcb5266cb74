import {
  type AuthorizationRequest,
  type ResponseTarget,
  authorizationRequest,
} from '../../shared/protocol/authorization-request.ts'
import type { Client } from '../../shared/protocol/client.ts'
import { OAuthError, invalidRequest, unavailable } from '../../shared/protocol/error.ts'
import { type Grant, isOffline } from '../../shared/protocol/grant.ts'
import { handleHash, randomId } from '../../shared/protocol/handle.ts'
import type { Parameters } from '../../shared/protocol/parameters.ts'
import { resourceToken } from '../../shared/stores/d1/consents.ts'
import { StaleClient } from '../../shared/stores/grants.ts'
import { randomShard } from '../../shared/stores/shards.ts'
import { markedBrowser } from '../../shared/http/browser.ts'
import type { AuthContext } from './deps.ts'
import { nextStep } from './interaction.ts'
import type { StoredInteraction } from '../../shared/http/interactions.ts'
import { respond } from './respond.ts'
import type { SignedIn } from '../../shared/http/signed-in.ts'

/** An authorization request on its way to a code. */
export interface Flow {
  readonly client: Client
  readonly params: Parameters
  readonly target: ResponseTarget
  /** The `request_uri` the parameters came from. */
  readonly pushed: string | undefined
  readonly interaction: StoredInteraction | undefined
}

/**
 * Takes an authorization request one step on: to a page, or to a code.
 * @throws OAuthError for the client.
 */
export async function proceed(c: AuthContext, flow: Flow): Promise<Response> {
  const { deps, now } = c.var
  const request = authorizationRequest(flow.params, flow.target, flow.client, deps.issuer)
  if (flow.client.require_pushed_authorization_requests && flow.pushed === undefined)
    throw invalidRequest('the client has to push its requests')
  const hintedSub = await subjectOfHint(c, request.idTokenHint)
  const signedIn = await sessionOf(c, flow.interaction, flow.client.client_id)
  const tokens = consentTokens(request)
  const progress = flow.interaction?.record
  const step = nextStep({
    request,
    session: signedIn?.session,
    hintedSub,
    consentCovers: signedIn !== undefined && (await consentCovers(c, flow.client, signedIn, tokens)),
    signedIn: progress?.signedIn === true,
    chosen: progress?.chosen === true,
    consented: progress?.consented === true,
    now,
  })
  if (step === 'issue' && signedIn) return issueCode(c, flow, request, signedIn, tokens)
  return toPage(c, flow, pages[step], signedIn)
}

const pages = { sign_in: '/signin', select_account: '/select-account', consent: '/consent', issue: '/signin' } as const

/** What the person is asked to allow: scopes and, told apart from them, resources. */
export function consentTokens(request: AuthorizationRequest): string[] {
  return [...request.scope, ...request.resources.map(resourceToken)]
}

/** The session that the person chose in this interaction, or the one used last, as far as this client may see it. */
export async function sessionOf(
  c: AuthContext,
  interaction: StoredInteraction | undefined,
  clientId: string | undefined,
): Promise<SignedIn | undefined> {
  const { deps, now } = c.var
  const chosen = interaction?.record.session
  if (chosen === undefined) return deps.sessions.current(c.req.raw, now, clientId)
  return (await deps.sessions.all(c.req.raw, now, clientId)).find((each) => each.id === chosen)
}

/** Sends the browser to a page, with the request kept for when it comes back. */
async function toPage(c: AuthContext, flow: Flow, page: string, signedIn: SignedIn | undefined): Promise<Response> {
  const { deps, now } = c.var
  const request = {
    params: flow.params.entries(),
    ...(flow.pushed !== undefined && { pushed: flow.pushed }),
    ...(signedIn && { session: signedIn.id }),
  }
  const stored = flow.interaction
    ? await deps.interactions.update(flow.interaction, request, now)
    : await deps.interactions.start(
        c.req.raw,
        { v: 1, purpose: 'authorize', browser: (await markedBrowser(c)).id, startedAt: now, ...request },
        now,
      )
  return c.redirect(`${page}?${new URLSearchParams({ interaction: stored.handle })}`, 303)
}

/**
 * The person an ID token of ours names. Expired ones count, others' do not (Core §3.1.2.1).
 * @throws OAuthError invalid_request
 */
async function subjectOfHint(c: AuthContext, hint: string | undefined): Promise<string | undefined> {
  if (hint === undefined) return undefined
  const claims = await c.var.deps.keyring.verifyIdTokenHint(hint, c.var.deps.issuer, c.var.now)
  if (!claims) throw invalidRequest('id_token_hint is not an ID token of this provider')
  return claims.sub
}

async function consentCovers(c: AuthContext, client: Client, signedIn: SignedIn, tokens: string[]): Promise<boolean> {
  if (client.first_party) return true
  const inSession = signedIn.session.clients[client.client_id]?.split(' ') ?? []
  if (tokens.every((token) => inSession.includes(token))) return true
  const consent = await c.var.deps.consents.find(signedIn.session.sub, client.client_id)
  return tokens.every((token) => consent?.tokens.includes(token))
}

/** The code, RFC 6749 §4.1.2: everything it stands for is fixed now and bound to it. */
async function issueCode(
  c: AuthContext,
  flow: Flow,
  request: AuthorizationRequest,
  signedIn: SignedIn,
  tokens: string[],
): Promise<Response> {
  const { deps, now } = c.var
  if (flow.interaction && !(await deps.interactions.finish(flow.interaction, now)))
    throw invalidRequest('the sign-in was finished before')
  if (flow.pushed !== undefined && !(await deps.pushedRequests.complete(flow.pushed, now)))
    throw new OAuthError('invalid_request_uri', 'the pushed request was used before')

  const grant = grantOf(request, flow.client, signedIn, now)
  const at = { shard: randomShard(), expiresAt: now + deps.codeLifetime }
  const code = await deps.keyring.mint({ kind: 'code', generation: 0, id: randomId(), ...at }, now)
  const place = {
    shard: at.shard,
    id: await handleHash(code),
    codeExpiresAt: at.expiresAt,
    offline: isOffline(grant),
  }
  const granted = tokens.join(' ')
  await Promise.all([
    openGrant(c, place, grant, flow.client),
    signedIn.session.clients[flow.client.client_id] === granted
      ? undefined
      : deps.sessions.addClient(signedIn, flow.client.client_id, granted, now),
  ])
  return respond(c, flow.target, { code })
}

async function openGrant(
  c: AuthContext,
  place: { shard: number; id: string; codeExpiresAt: number; offline: boolean },
  grant: Grant,
  client: Client,
): Promise<void> {
  const { deps, now } = c.var
  try {
    await deps.grants.open(place, grant, client, now)
  } catch (error) {
    if (error instanceof OAuthError && error.code === 'invalid_client') throw disabledClient(error)
    if (!(error instanceof StaleClient)) throw error
    const latest = await deps.clients.findLatest(client.client_id, now)
    if (!latest || latest.disabled) throw disabledClient(error)
    await deps.grants.open(place, grant, latest, now).catch(stillStale)
  }
}

/** The change was announced and is not written yet: in a moment it is. */
function stillStale(error: unknown): never {
  throw error instanceof StaleClient ? unavailable(error) : error
}

/** As the authorization endpoint says it: `invalid_client` is an answer to client authentication. */
function disabledClient(reason: unknown): OAuthError {
  return new OAuthError('unauthorized_client', 'the client is disabled', { reason })
}

function grantOf(request: AuthorizationRequest, client: Client, { session }: SignedIn, now: number): Grant {
  return {
    v: 1,
    client_id: client.client_id,
    sub: session.sub,
    scope: request.scope.join(' '),
    ...(request.redirectUri !== undefined && { redirect_uri: request.redirectUri }),
    ...(request.codeChallenge !== undefined && { code_challenge: request.codeChallenge }),
    ...(request.nonce !== undefined && { nonce: request.nonce }),
    sid: session.sid,
    auth_time: session.authTime,
    acr: session.acr,
    amr: session.amr,
    resources: request.resources,
    created_at: now,
  }
}
