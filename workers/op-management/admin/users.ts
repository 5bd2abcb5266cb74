import * as v from 'valibot'
import { OAuthError } from '../../../shared/protocol/error.ts'
import { randomId } from '../../../shared/protocol/handle.ts'
import { hashPassword } from '../../../shared/protocol/password-hash.ts'
import type { ListedUser } from '../../../shared/stores/d1/user-directory.ts'
import type { User } from '../../../shared/stores/users.ts'
import type { ManagementCall } from '../deps.ts'
import { isoTime, nextCursor, pageOf } from '../../../shared/http/admin/page.ts'
import { NewUser, Password, UserChange } from './user-schema.ts'

export async function listUsers(call: ManagementCall): Promise<Response> {
  const { limit, after } = pageOf(call)
  const { users, cursor } = await call.deps.users.list(call.query('search'), after, limit)
  return call.answer({ users: users.map(shownUser), nextCursor: nextCursor(users.length === limit, cursor) })
}

export async function showUser(call: ManagementCall): Promise<Response> {
  return call.answer({ user: shownUser(await personOf(call)) })
}

export async function createUser(call: ManagementCall): Promise<Response> {
  const { password, name, ...given } = call.body(NewUser)
  const claims = { ...given.claims, ...(name !== undefined && { name }) }
  const user = newUser({ ...given, claims }, call.now)
  call.target = user.sub
  const hash = password === undefined ? undefined : await hashPassword(password)
  await call.change((event) => call.deps.users.insert(user, hash, event))
  return call.answer({ user: shownUser({ ...user, hasPassword: hash !== undefined }) }, 201)
}

export async function updateUser(call: ManagementCall): Promise<Response> {
  const { sub, email } = await personOf(call)
  const changes = call.body(UserChange)
  // Whether somebody reads one address says nothing about another.
  const unverified = changes.email !== undefined && changes.email !== email && changes.emailVerified === undefined
  const all = unverified ? { ...changes, emailVerified: false } : changes
  await call.change((event) => call.deps.users.update(sub, all, call.now, event))
  return call.answer({ user: shownUser(await personOf(call, sub)) })
}

/** Stopped first and removed last, so that a call that failed half-way can be repeated. */
export async function deleteUser(call: ManagementCall): Promise<Response> {
  const { sub } = await personOf(call)
  const { users, signOut } = call.deps
  await users.stop(sub, call.now)
  await signOut.everywhere(sub, call.now)
  await call.change((event) => users.delete(sub, event))
  return call.nothing()
}

export async function setPassword(call: ManagementCall): Promise<Response> {
  const { sub } = await personOf(call)
  const { password } = call.body(v.object({ password: Password }))
  const hash = await hashPassword(password)
  await call.change((event) => call.deps.users.setPassword(sub, hash, call.now, event))
  await call.deps.signOut.everywhere(sub, call.now)
  return call.nothing()
}

export async function disableUser(call: ManagementCall): Promise<Response> {
  const { sub } = await personOf(call)
  await call.change((event) => call.deps.users.update(sub, { disabled: true }, call.now, event))
  await call.deps.signOut.everywhere(sub, call.now)
  return call.answer({ user: shownUser(await personOf(call, sub)) })
}

export async function enableUser(call: ManagementCall): Promise<Response> {
  const { sub } = await personOf(call)
  await call.change((event) => call.deps.users.update(sub, { disabled: false }, call.now, event))
  return call.answer({ user: shownUser(await personOf(call, sub)) })
}

export async function listSessions(call: ManagementCall): Promise<Response> {
  const { sub } = await personOf(call)
  const sessions = await call.deps.signOut.sessions(sub, call.now)
  return call.answer({
    sessions: sessions.map(({ id, createdAt, lastSeenAt, expiresAt, userAgent, address, clients }) => ({
      id,
      createdAt: isoTime(createdAt),
      lastSeenAt: isoTime(lastSeenAt),
      expiresAt: isoTime(expiresAt),
      userAgent,
      address,
      clients: Object.keys(clients),
    })),
  })
}

export async function signOutUser(call: ManagementCall): Promise<Response> {
  const { sub } = await personOf(call)
  return call.answer(await call.effect(() => call.deps.signOut.everywhere(sub, call.now)))
}

/** The person that the path names, or `id`. The audit log keeps the `sub`, never the address. */
async function personOf(call: ManagementCall, id = call.subject('user')): Promise<ListedUser> {
  const user = await call.deps.users.find(id)
  call.target = user?.sub ?? ''
  if (!user) throw new OAuthError('not_found', 'there is no such person')
  return user
}

interface GivenUser {
  readonly email: string
  readonly username?: string | null
  readonly emailVerified?: boolean
  readonly claims?: Readonly<Record<string, unknown>>
}

export function newUser({ email, username, emailVerified = false, claims = {} }: GivenUser, now: number): User {
  const given = Object.entries(claims).filter(([, value]) => value !== null)
  return {
    sub: randomId(),
    username: username ?? undefined,
    email,
    emailVerified,
    claims: Object.fromEntries(given),
    disabled: false,
    createdAt: now,
    updatedAt: now,
  }
}

function shownUser(user: ListedUser): object {
  const { sub, username = null, email, emailVerified, disabled, claims, hasPassword } = user
  const times = { createdAt: isoTime(user.createdAt), updatedAt: isoTime(user.updatedAt) }
  return { sub, username, email, emailVerified, disabled, ...times, claims, hasPassword }
}
