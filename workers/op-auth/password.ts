import { hashPassword } from '../../shared/protocol/password-hash.ts'
import { decided } from '../../shared/stores/grants.ts'
import { allShards } from '../../shared/stores/shards.ts'
import { userName } from '../../shared/stores/users.ts'
import { type Owner, ownerOf } from '../../shared/http/owner.ts'
import { isFresh, ownChange } from './account.ts'
import { noteEvent } from './audit.ts'
import { markedBrowser } from '../../shared/http/browser.ts'
import type { AuthContext } from './deps.ts'
import { frameOf, htmlPage } from './html.ts'
import { ChangePassword, type ChangePasswordProps } from './pages/change-password.tsx'
import { newPasswordProblem } from './password-rules.ts'
import { signInForAccount } from './signin.ts'

type Problems = Pick<ChangePasswordProps, 'currentPasswordError' | 'newPasswordError' | 'retryAfterSeconds'>

/** The page on which a person changes their password. */
export async function showPassword(c: AuthContext): Promise<Response> {
  const owner = await ownerOf(c)
  return owner && isFresh(c, owner) ? passwordPage(c, owner, {}) : signInForAccount(c)
}

/** Changes the password; every other session and every grant of the person ends with the old one. */
export async function changePassword(c: AuthContext): Promise<Response> {
  const change = await ownChange(c)
  if (change instanceof Response) return change
  const { deps, now } = c.var
  const { user, signedIn } = change.owner
  const current = change.form.get('current_password') ?? ''
  const wanted = change.form.get('new_password') ?? ''
  const problem = newPasswordProblem(wanted, { username: user.username, email: user.email, name: userName(user) })
  if (current === '' || problem) {
    const currentPasswordError = current === '' ? 'missing' : undefined
    return passwordPage(c, change.owner, { currentPasswordError, newPasswordError: problem })
  }
  if (wanted === current) return passwordPage(c, change.owner, { newPasswordError: 'unchanged' })
  const outcome = await deps.passwords.verify(c.req.raw, user.email, current, now)
  if (outcome.problem === 'wrong_credentials') return passwordPage(c, change.owner, { currentPasswordError: 'wrong' })
  if (outcome.problem !== undefined) {
    c.header('retry-after', String(outcome.retryAfter))
    return passwordPage(c, change.owner, {
      currentPasswordError: 'throttled',
      retryAfterSeconds: outcome.retryAfter,
    })
  }
  await deps.users.setPassword(user.sub, await hashPassword(wanted), now)
  await deps.sessions.endElsewhere(user.sub, { except: signedIn.id })
  await Promise.all(allShards(deps.ledger).map((ledger) => decided(ledger.revokeAll({ sub: user.sub }, now))))
  noteEvent(c, user.sub, 'password_changed')
  return c.redirect('/account?done=password_changed', 303)
}

async function passwordPage(c: AuthContext, { user }: Owner, problems: Problems): Promise<Response> {
  const browser = await markedBrowser(c)
  const page = ChangePassword({
    frame: frameOf(c, undefined),
    csrf: browser.csrf,
    username: user.username ?? user.email,
    ...problems,
  })
  const failed = problems.currentPasswordError !== undefined || problems.newPasswordError !== undefined
  return htmlPage(c, page, failed ? 400 : 200)
}
