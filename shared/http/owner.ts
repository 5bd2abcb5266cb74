import type { D1Users } from '../stores/d1/users.ts'
import type { User } from '../stores/users.ts'
import type { WorkerContext } from './context.ts'
import type { SignedIn, SignedInPeople } from './signed-in.ts'

/** The person who is signed in in the asking browser. */
export interface Owner {
  readonly signedIn: SignedIn
  readonly user: User
}

interface OwnerDeps {
  readonly sessions: SignedInPeople
  readonly users: D1Users
}

/** Who is signed in, if anybody. */
export async function ownerOf<Deps extends OwnerDeps>(c: WorkerContext<Deps>): Promise<Owner | undefined> {
  const { deps, now } = c.var
  const signedIn = await deps.sessions.current(c.req.raw, now)
  const user = signedIn && (await deps.users.find(signedIn.session.sub))
  return signedIn && user && !user.disabled ? { signedIn, user } : undefined
}
