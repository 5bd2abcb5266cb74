import { ownerOf } from '../../../shared/http/owner.ts'
import { userName } from '../../../shared/stores/users.ts'
import type { SamlContext } from '../deps.ts'
import { frameOf, page } from '../html.ts'
import { type SignedInHere, SignedInPage } from '../pages/signed-in.tsx'

/** Who is signed in in this browser and how, as JSON for scripts of this origin, or as a page. */
export async function signedInHere(c: SamlContext): Promise<Response> {
  const here = await found(c)
  if (!/\bjson\b/.test(c.req.header('accept') ?? '')) return page(c, SignedInPage({ frame: frameOf(c), here }))
  c.header('cache-control', 'no-store')
  if (!here) return c.json({ signedIn: false })
  const { signedInAt, partners, ...others } = here
  return c.json({
    signedIn: true,
    ...others,
    signedInAt: new Date(signedInAt * 1000).toISOString(),
    identityProviders: partners.filter(({ role }) => role === 'idp').map(withoutRole),
    applications: partners.filter(({ role }) => role === 'sp').map(withoutRole),
  })
}

async function found(c: SamlContext): Promise<SignedInHere | undefined> {
  const owner = await ownerOf(c)
  if (!owner) return undefined
  const { session } = owner.signedIn
  const partners = await Promise.all(
    (session.participants ?? []).map(async ({ role, entityId, nameId }) => ({
      role,
      entityId,
      name: (await c.var.deps.partners.find(role, entityId))?.name ?? entityId,
      nameIdFormat: nameId.format,
    })),
  )
  const { email } = owner.user
  return { name: userName(owner.user), email, signedInAt: session.authTime, methods: session.amr, partners }
}

function withoutRole({ entityId, name, nameIdFormat }: SignedInHere['partners'][number]): object {
  return { entityId, name, nameIdFormat }
}
