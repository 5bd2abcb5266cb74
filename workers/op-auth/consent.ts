import { type AuthorizationRequest, authorizationRequest } from '../../shared/protocol/authorization-request.ts'
import { displayName } from '../../shared/protocol/client.ts'
import { userName } from '../../shared/stores/users.ts'
import { noteEvent } from './audit.ts'
import type { AuthContext } from './deps.ts'
import { type Flow, consentTokens, sessionOf } from './flow.ts'
import { errorPage, frameOf, htmlPage } from './html.ts'
import { Consent } from './pages/consent.tsx'
import type { SignedIn } from '../../shared/http/signed-in.ts'
import { type Visit, cancel, formTargets, goOn, postedVisit, visitOf } from './signin.ts'

interface ConsentVisit extends Visit {
  readonly flow: Flow
  readonly request: AuthorizationRequest
  readonly signedIn: SignedIn
}

/** What the client would like to do, and for whom. */
export async function showConsent(c: AuthContext): Promise<Response> {
  const visit = await consentVisit(c, await visitOf(c, c.req.query('interaction')))
  if (visit instanceof Response) return visit
  const { deps } = c.var
  const { client, params } = visit.flow
  const [user, earlier] = await Promise.all([
    deps.users.find(visit.signedIn.session.sub),
    deps.consents.find(visit.signedIn.session.sub, client.client_id),
  ])
  if (!user) return errorPage(c, 'expired_interaction', 400)
  const page = Consent({
    frame: frameOf(c, params.get('ui_locales')),
    interaction: visit.interaction.handle,
    csrf: visit.csrf,
    clientName: displayName(client),
    user: { name: userName(user), email: user.email },
    scopes: visit.request.scope.map((scope) => ({
      scope,
      isNew: earlier !== undefined && !earlier.tokens.includes(scope),
    })),
    resources: visit.request.resources,
    policyUri: client.policy_uri,
    tosUri: client.tos_uri,
    clientUri: client.client_uri,
  })
  return htmlPage(c, page, 200, formTargets(visit))
}

/** Allowed or denied. What is allowed is remembered for this person and client. */
export async function consent(c: AuthContext): Promise<Response> {
  const posted = await postedVisit(c)
  if (posted instanceof Response) return posted
  if (posted.form.get('action') !== 'allow') return cancel(c, posted)
  const visit = await consentVisit(c, posted)
  if (visit instanceof Response) return visit
  const { deps, now } = c.var
  const { sub } = visit.signedIn.session
  const clientId = visit.flow.client.client_id
  const earlier = await deps.consents.find(sub, clientId)
  const tokens = [...new Set([...(earlier?.tokens ?? []), ...consentTokens(visit.request)])]
  await deps.consents.grant(sub, { clientId, tokens, grantedAt: now })
  noteEvent(c, sub, 'consent_granted')
  return goOn(c, await deps.interactions.update(visit.interaction, { consented: true }, now))
}

/** Consent needs a client's request and the session it was asked in. */
async function consentVisit(c: AuthContext, visit: Visit | Response): Promise<ConsentVisit | Response> {
  if (visit instanceof Response) return visit
  const { flow, interaction } = visit
  const signedIn = await sessionOf(c, interaction, flow?.client.client_id)
  if (!flow || !signedIn || interaction.record.session === undefined) return errorPage(c, 'expired_interaction', 400)
  const request = authorizationRequest(flow.params, flow.target, flow.client, c.var.deps.issuer)
  return { ...visit, flow, signedIn, request }
}
