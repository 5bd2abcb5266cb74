import type { StoredInteraction } from '../../../shared/http/interactions.ts'
import { markedBrowser } from '../../../shared/http/browser.ts'
import type { SignedIn } from '../../../shared/http/signed-in.ts'
import type { ServiceProvider } from '../../../shared/protocol/saml-partner.ts'
import type { Participant } from '../../../shared/stores/durable-objects/session-store.ts'
import { decided } from '../../../shared/stores/grants.ts'
import { shard } from '../../../shared/stores/shards.ts'
import type { User } from '../../../shared/stores/users.ts'
import { noteEvent } from '../audit.ts'
import type { SamlContext } from '../deps.ts'
import { refusalPage } from '../html.ts'
import { isSameNameId } from '../name-id.ts'
import { newId } from '../response.ts'
import { idpAddresses } from './addresses.ts'
import { releasedAttributes } from './attributes.ts'
import { recordParams } from '../record.ts'
import type { SignOnRecord } from './request-record.ts'
import { respond, respondRefusal } from './respond.ts'
import { nextStep } from './sign-on.ts'
import { subjectFor } from './subject.ts'

/** A sign-on for a service provider on its way to a response. */
export interface Flow {
  readonly partner: ServiceProvider
  readonly record: SignOnRecord
  readonly interaction: StoredInteraction | undefined
}

/** Takes a sign-on one step on: to the sign-in page, or to a response. */
export async function proceed(c: SamlContext, flow: Flow): Promise<Response> {
  const person = await personOf(c, flow.interaction)
  const progress = flow.interaction?.record
  const step = nextStep({
    request: { ...flow.record, contexts: flow.record.contexts },
    amr: person?.signedIn.session.amr,
    signedIn: progress?.signedIn === true,
    declined: progress?.declined === true,
  })
  if (step.step === 'sign_in' || (step.step === 'issue' && !person)) return toSignIn(c, flow)
  if (!(await isFirstToFinish(c, flow.interaction))) return refusalPage(c, 'expired_interaction', 400)
  if (step.step === 'issue' && person) return issue(c, flow, person, step.contextClass)
  return step.step === 'refuse' ? respondRefusal(c, flow, step.second, step.why) : toSignIn(c, flow)
}

interface Person {
  readonly signedIn: SignedIn
  readonly user: User
}

/** Who signed in for this, or who is signed in; nobody who was stopped. */
async function personOf(c: SamlContext, interaction: StoredInteraction | undefined): Promise<Person | undefined> {
  const { deps, now } = c.var
  const chosen = interaction?.record.session
  const signedIn =
    chosen === undefined
      ? await deps.sessions.current(c.req.raw, now)
      : (await deps.sessions.all(c.req.raw, now)).find(({ id }) => id === chosen)
  const user = signedIn && (await deps.users.find(signedIn.session.sub))
  return signedIn && user && !user.disabled ? { signedIn, user } : undefined
}

/** The sign-in page is op-auth's; the interaction says for whom it asks, and comes back with the browser. */
async function toSignIn(c: SamlContext, { partner, record, interaction }: Flow): Promise<Response> {
  const { deps, now } = c.var
  const stored =
    interaction ??
    (await deps.interactions.start(
      c.req.raw,
      {
        v: 1,
        purpose: 'saml',
        params: recordParams(record),
        clientName: partner.name,
        browser: (await markedBrowser(c)).id,
        startedAt: now,
      },
      now,
    ))
  return c.redirect(`/signin?${new URLSearchParams({ interaction: stored.handle })}`, 303)
}

async function isFirstToFinish(c: SamlContext, interaction: StoredInteraction | undefined): Promise<boolean> {
  return interaction === undefined || c.var.deps.interactions.finish(interaction, c.var.now)
}

async function issue(c: SamlContext, flow: Flow, person: Person, contextClass: string): Promise<Response> {
  const { deps, now } = c.var
  const { partner, record } = flow
  const { signedIn, user } = person
  const earlier = signedIn.session.participants?.find(
    ({ role, entityId }) => role === 'sp' && entityId === partner.entityId,
  )
  const nameId = await subjectFor(
    { user, issuer: idpAddresses(deps.issuer).entityId, known: earlier?.nameId },
    partner,
    { format: record.nameIdFormat, allowCreate: record.allowCreate, spNameQualifier: record.spNameQualifier },
    await deps.keys.pairwise(now),
  )
  if (!nameId) return respondRefusal(c, flow, 'InvalidNameIDPolicy', 'the name identifier policy cannot be met')
  if (record.subject && !isSameNameId(record.subject, nameId))
    return respondRefusal(c, flow, 'UnknownPrincipal', 'another person is signed in')
  const sessionIndex = earlier?.sessionIndex ?? newId()
  await join(c, signedIn, { role: 'sp', entityId: partner.entityId, nameId, sessionIndex })
  noteEvent(c, user.sub, 'saml_sign_on', partner.entityId)
  return respond(c, flow, {
    nameId,
    attributes: releasedAttributes(user, partner.attributes),
    sessionIndex,
    authnInstant: signedIn.session.authTime,
    sessionEndsAt: signedIn.session.expiresAt,
    contextClass,
  })
}

/** So that the partner is told when the session ends. */
async function join(c: SamlContext, signedIn: SignedIn, participant: Participant): Promise<void> {
  const { deps, now } = c.var
  await decided(shard(deps.sessionStore, signedIn.shard).join(signedIn.id, participant, now))
}
