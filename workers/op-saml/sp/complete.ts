import { resumeAddress } from '../../../shared/http/interactions.ts'
import { randomId } from '../../../shared/protocol/handle.ts'
import type { IdentityProvider } from '../../../shared/protocol/saml-partner.ts'
import type { ForeignId } from '../../../shared/stores/d1/saml-links.ts'
import type { User } from '../../../shared/stores/users.ts'
import { noteEvent } from '../audit.ts'
import type { SamlContext } from '../deps.ts'
import { refusalPage } from '../html.ts'
import { nameIdFormats } from '../name-id.ts'
import { type Decision, addressIn, decideAccount, lastingId } from './account.ts'
import { type ForeignPerson, foreignPerson } from './claims.ts'
import { ownInteraction } from './login.ts'
import { trustedProvider } from './partner.ts'
import { proofOf } from './proof.ts'
import { type Back, takeBack } from './transaction.ts'

/** Takes up, with the browser's own cookies, what an identity provider said: account, session, and on. */
export async function complete(c: SamlContext): Promise<Response> {
  const { deps, now } = c.var
  const back = await takeBack(c, c.req.query('interaction'))
  if (!back) return refusalPage(c, 'expired_interaction', 400)
  const partner = await trustedProvider(c, back.entityId)
  c.var.log['partner'] = partner.entityId
  const interaction = back.resume === undefined ? undefined : await ownInteraction(c, back.resume)
  if (back.resume !== undefined && !interaction) return refusalPage(c, 'expired_interaction', 400)
  const user = await accountFor(c, partner, back)
  if (user instanceof Response) return user
  const { signedIn, cookie } = await deps.sessions.start(c.req.raw, user, proofOf(back, now), now)
  c.header('set-cookie', cookie, { append: true })
  // For the person's own page, and for who asks about the partner.
  noteEvent(c, user.sub, 'sign_in', user.sub)
  noteEvent(c, user.sub, 'saml_sign_in', partner.entityId)
  c.header('cache-control', 'no-store')
  if (!interaction) return c.redirect('/account', 303)
  const progress = { session: signedIn.id, signedIn: true, chosen: true, consented: false }
  const updated = await deps.interactions.update(interaction, progress, now)
  if (updated.record.purpose === 'account') await deps.interactions.finish(updated, now)
  return c.redirect(resumeAddress(updated), 303)
}

/** The person's account, found, linked or made; or the page that says why there is none for them. */
async function accountFor(c: SamlContext, partner: IdentityProvider, back: Back): Promise<User | Response> {
  const { deps, now } = c.var
  const person = foreignPerson(back.attributes, partner)
  const id = lastingId(back.nameId, person.subject)
  if (!id) return refused(c, partner, 'no_lasting_id')
  const foreign = { entityId: partner.entityId, ...id }
  const linked = await linkedUser(c, foreign)
  const email = addressOf(person, back)
  const owner = linked || email === undefined ? undefined : await deps.users.findByIdentifier(email)
  const decision = decideAccount({ partner, linked, email, owner })
  if ('create' in decision) return (await created(c, foreign, decision.create, person)) ?? refused(c, partner, 'taken')
  if ('refuse' in decision) {
    // In another window of theirs the account may have been made since we looked.
    const since = decision.refuse === 'taken' ? await linkedUser(c, foreign) : undefined
    return since && !since.disabled ? since : refused(c, partner, decision.refuse, linked ?? owner)
  }
  const { account } = decision
  if (decision.link) {
    if ((await deps.links.link(foreign, account.sub, now)) !== account.sub) return refused(c, partner, 'taken', account)
    noteEvent(c, account.sub, 'saml_link', partner.entityId)
  }
  await keepCurrent(c, partner, account, person)
  return account
}

async function linkedUser(c: SamlContext, foreign: ForeignId): Promise<User | undefined> {
  const sub = await c.var.deps.links.find(foreign)
  return sub === undefined ? undefined : c.var.deps.users.find(sub)
}

/** The address among the attributes, or the name identifier where that is one. */
function addressOf(person: ForeignPerson, { nameId }: Back): string | undefined {
  return addressIn(person.email) ?? (nameId.format === nameIdFormats.emailAddress ? addressIn(nameId.value) : undefined)
}

/** A new account without a password, or the one that was made meanwhile; undefined if it is somebody else's address. */
async function created(
  c: SamlContext,
  foreign: ForeignId,
  { email, emailVerified }: Extract<Decision, { create: unknown }>['create'],
  { claims }: ForeignPerson,
): Promise<User | undefined> {
  const { deps, now } = c.var
  const times = { createdAt: now, updatedAt: now }
  const user: User = { sub: randomId(), username: undefined, email, emailVerified, claims, disabled: false, ...times }
  const isNew = await deps.links.create(foreign, user, event(c, foreign, 'users.create', user.sub))
  const account = isNew ? user : await linkedUser(c, foreign)
  return account?.disabled ? undefined : account
}

/** What the provider says now of name and groups; the address is the person's business with us. */
async function keepCurrent(
  c: SamlContext,
  partner: IdentityProvider,
  user: User,
  { claims }: ForeignPerson,
): Promise<void> {
  const changed = Object.entries(claims).filter(
    ([name, value]) => JSON.stringify(user.claims[name]) !== JSON.stringify(value),
  )
  if (changed.length === 0) return
  const changes = { claims: Object.fromEntries(changed) }
  await c.var.deps.directory.update(user.sub, changes, c.var.now, event(c, partner, 'users.update', user.sub))
}

function event(c: SamlContext, partner: Pick<IdentityProvider, 'entityId'>, action: string, target: string) {
  const { requestId } = c.var
  return { time: Date.now(), actor: partner.entityId.slice(0, 300), action, target, outcome: 'done', requestId }
}

async function refused(
  c: SamlContext,
  partner: IdentityProvider,
  why: 'disabled' | 'taken' | 'no_account' | 'no_address' | 'no_lasting_id',
  about?: User,
): Promise<Response> {
  c.var.log['why'] = why
  if (about) noteEvent(c, about.sub, 'saml_sign_in', partner.entityId, why)
  return refusalPage(c, why === 'disabled' ? 'no_account' : why, 403)
}
