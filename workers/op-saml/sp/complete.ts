import { resumeAddress } from '../../../shared/http/interactions.ts'
import { OAuthError } from '../../../shared/protocol/error.ts'
import { randomId } from '../../../shared/protocol/handle.ts'
import type { IdentityProvider } from '../../../shared/protocol/saml-partner.ts'
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
  const { signedIn, cookie } = await deps.sessions.start(c.req.raw, user.sub, proofOf(back, now), now)
  c.header('set-cookie', cookie, { append: true })
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
  const linkedSub = await deps.links.find(foreign)
  const linked = linkedSub === undefined ? undefined : await deps.users.find(linkedSub)
  const email = addressOf(person, back)
  const owner = linked || email === undefined ? undefined : await deps.users.findByIdentifier(email)
  const decision = decideAccount({ partner, linked, email, owner })
  if ('refuse' in decision) return refused(c, partner, decision.refuse, linked ?? owner)
  const user = 'create' in decision ? await created(c, partner, decision.create, person) : decision.account
  if (!user) return refused(c, partner, 'taken')
  const sub = await deps.links.link(foreign, user.sub, now)
  // Somebody else's sign-in with the same identifier was faster: theirs is the account.
  if (sub !== user.sub) return (await deps.users.find(sub)) ?? refused(c, partner, 'no_account')
  if ('account' in decision && decision.link) noteEvent(c, user.sub, 'saml_link', partner.entityId)
  await keepCurrent(c, partner, user, person)
  return user
}

/** The address among the attributes, or the name identifier where that is one. */
function addressOf(person: ForeignPerson, { nameId }: Back): string | undefined {
  return addressIn(person.email) ?? (nameId.format === nameIdFormats.emailAddress ? addressIn(nameId.value) : undefined)
}

/** A new account without a password; undefined if somebody took the address meanwhile. */
async function created(
  c: SamlContext,
  partner: IdentityProvider,
  { email, emailVerified }: Extract<Decision, { create: unknown }>['create'],
  { claims }: ForeignPerson,
): Promise<User | undefined> {
  const { deps, now } = c.var
  const times = { createdAt: now, updatedAt: now }
  const user: User = { sub: randomId(), username: undefined, email, emailVerified, claims, disabled: false, ...times }
  try {
    await deps.directory.insert(user, undefined, event(c, partner, 'users.create', user.sub))
    return user
  } catch (error) {
    if (error instanceof OAuthError && error.code === 'already_exists') return undefined
    throw error
  }
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

function event(c: SamlContext, partner: IdentityProvider, action: string, target: string) {
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
