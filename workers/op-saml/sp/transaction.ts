import * as v from 'valibot'
import { readCookie, setCookie } from '../../../shared/http/cookies.ts'
import type { Interaction, StoredInteraction } from '../../../shared/http/interactions.ts'
import type { SamlContext } from '../deps.ts'

/**
 * What ties a sign-in at an identity provider to the browser that began it. The provider's answer is a post from its
 * site, which carries no Lax cookie, so this one is `SameSite=None`; it names what we stored and proves nothing else.
 */

/** Sign-ins that one browser may have under way, in as many windows. */
const most = 4

/** A person needs no longer at their provider. Seconds. */
const lifetime = 900

const Away = v.object({
  entityId: v.string(),
  /** Of our AuthnRequest. */
  requestId: v.string(),
  /** The person was to be asked again, whatever session there is. */
  forced: v.boolean(),
  /** Handle of the interaction that goes on afterwards; absent: the account page. */
  resume: v.exactOptional(v.string()),
})

/** A sign-in that we sent somebody away for. */
export type Away = v.InferOutput<typeof Away>

const NameId = v.object({
  value: v.string(),
  format: v.string(),
  nameQualifier: v.exactOptional(v.string()),
  spNameQualifier: v.exactOptional(v.string()),
})

const Back = v.object({
  entityId: v.string(),
  nameId: NameId,
  sessionIndex: v.exactOptional(v.string()),
  authnInstant: v.number(),
  endsAt: v.exactOptional(v.number()),
  contextClass: v.exactOptional(v.string()),
  attributes: v.record(v.string(), v.array(v.string())),
  resume: v.exactOptional(v.string()),
})

/** What an identity provider said about somebody, checked, until the browser comes with its own cookies. */
export type Back = v.InferOutput<typeof Back>

/** Remembers that the browser is sent away. */
export async function keepAway(c: SamlContext, away: Away): Promise<void> {
  const stored = await keep(c, 'saml_away', away)
  remember(c, [stored.handle, ...handlesOf(c)])
}

/** The sign-in of this browser that a response answers, or undefined: it was begun elsewhere, or never. */
export async function awayFor(
  c: SamlContext,
  requestId: string,
): Promise<{ readonly away: Away; readonly stored: StoredInteraction } | undefined> {
  for (const handle of handlesOf(c)) {
    const stored = await c.var.deps.interactions.find(handle, c.var.now)
    const away = stored?.record.purpose === 'saml_away' ? parsed(Away, stored.record) : undefined
    if (stored && away?.requestId === requestId) return { away, stored }
  }
  return undefined
}

/** Remembers what the provider said, in place of that we sent the browser there. Answers the handle. */
export async function keepBack(c: SamlContext, back: Back, instead: StoredInteraction | undefined): Promise<string> {
  const { handle } = await keep(c, 'saml_back', back)
  remember(c, [handle, ...handlesOf(c).filter((each) => each !== instead?.handle)])
  return handle
}

/** What the provider said, once, to the browser that brought it. */
export async function takeBack(c: SamlContext, handle: string | undefined): Promise<Back | undefined> {
  const { interactions } = c.var.deps
  if (handle === undefined || !handlesOf(c).includes(handle)) return undefined
  const stored = await interactions.find(handle, c.var.now)
  const back = stored?.record.purpose === 'saml_back' ? parsed(Back, stored.record) : undefined
  if (!stored || !back || !(await interactions.finish(stored, c.var.now))) return undefined
  remember(
    c,
    handlesOf(c).filter((each) => each !== handle),
  )
  return back
}

function keep(c: SamlContext, purpose: Interaction['purpose'], data: object): Promise<StoredInteraction> {
  const { deps, now } = c.var
  const params = [['data', JSON.stringify(data)]] as const
  return deps.interactions.start(c.req.raw, { v: 1, purpose, params, startedAt: now }, now)
}

function parsed<T extends v.GenericSchema>(schema: T, { params }: Interaction): v.InferOutput<T> | undefined {
  const result = v.safeParse(schema, JSON.parse(params[0]?.[1] ?? 'null'))
  return result.success ? result.output : undefined
}

function handlesOf(c: SamlContext): string[] {
  return readCookie(c.req.raw, 'saml')?.split('.').slice(0, most) ?? []
}

function remember(c: SamlContext, handles: readonly string[]): void {
  const cookie = setCookie('saml', handles.slice(0, most).join('.'), handles.length > 0 ? lifetime : 0, 'None')
  c.header('set-cookie', cookie, { append: true })
}
