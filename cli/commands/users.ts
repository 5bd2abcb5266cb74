import type { InferOutput } from 'valibot'
import type { User } from '../admin/answers.ts'
import { CliError, usageError } from '../error.ts'
import { listOptions, listQuery, type ListOptions, query, segment } from '../admin/query.ts'
import type { Context } from '../context.ts'
import type { DefineCommand } from '../program.ts'
import { readInput, readSecret } from '../secret-file.ts'
import { collect, verb } from '../ui/help.ts'
import { assignments } from './assignments.ts'
import { pairs, shortTime } from '../ui/report.ts'
import { sanitize } from '../ui/sanitize.ts'

type UserRecord = InferOutput<typeof User>

interface CreateOptions {
  readonly email?: string
  readonly username?: string
  readonly name?: string
  readonly password?: boolean
  readonly passwordFile?: string
  readonly verified?: true
  readonly claim?: string[]
  readonly ifMissing?: true
}

interface UpdateOptions {
  readonly email?: string
  readonly username?: string
  readonly name?: string
  readonly verified?: boolean
  readonly claim?: string[]
  readonly unset?: string[]
}

export const define: DefineCommand = (noun, context) => {
  verb(noun, 'create', 'add a person', 'authrim users create --email ada@example.com --name "Ada Lovelace" --verified')
    .option('--email <email>', 'e-mail address, which also signs in')
    .option('--username <username>', 'a name to sign in with')
    .option('--name <name>', 'full name')
    .option('--password-file <file>', 'password from a file, or - for standard input')
    .option('--no-password', 'no password now, and no question about it')
    .option('--verified', 'the e-mail address is known to be theirs')
    .option('--claim <name=value>', 'an OpenID Connect claim; repeatable; a value may be JSON', collect)
    .option('--if-missing', 'nothing to do, and no error, when there is one')
    .action((options: CreateOptions) => create(context(), options))

  listOptions(verb(noun, 'list', 'list people', 'authrim users list --search ada')).action(
    async (options: ListOptions) => {
      const { report, admin } = context()
      const path = `/users${query(listQuery(options))}`
      const api = await admin()
      const { UsersAnswer } = await import('../admin/answers.ts')
      const answer = await api.get(path, UsersAnswer)
      report.list(
        answer,
        answer.users,
        [
          { title: 'sub', value: ({ sub }) => sub },
          { title: 'username', value: ({ username }) => username ?? undefined },
          { title: 'email', value: ({ email }) => email },
          { title: 'state', value: ({ disabled }) => (disabled ? 'disabled' : 'active') },
          { title: 'created', value: ({ createdAt }) => shortTime(createdAt) },
        ],
        'There are no people yet. Add one with: authrim users create',
      )
    },
  )

  verb(noun, 'show <user>', 'show a person: sub, user name or e-mail', 'authrim users show ada@example.com').action(
    async (user: string) => {
      const api = await context().admin()
      const { UserAnswer } = await import('../admin/answers.ts')
      show(context(), await api.get(`/users/${segment(user)}`, UserAnswer))
    },
  )

  verb(noun, 'update <user>', 'change a person', 'authrim users update ada --claim locale=en-GB')
    .option('--email <email>', 'new e-mail address')
    .option('--username <username>', 'new user name')
    .option('--name <name>', 'full name')
    .option('--verified', 'the e-mail address is known to be theirs')
    .option('--no-verified', 'the e-mail address is not known to be theirs')
    .option('--claim <name=value>', 'an OpenID Connect claim; repeatable; a value may be JSON', collect)
    .option('--unset <name>', 'remove a claim; repeatable', collect)
    .action(async (user: string, { email, username, name, verified, claim, unset }: UpdateOptions) => {
      const claims = {
        ...(name !== undefined && { name }),
        ...assignments(claim ?? [], '--claim'),
        ...Object.fromEntries((unset ?? []).map((member) => [member, null])),
      }
      const changes = {
        ...(email !== undefined && { email }),
        ...(username !== undefined && { username }),
        ...(verified !== undefined && { emailVerified: verified }),
        ...(Object.keys(claims).length > 0 && { claims }),
      }
      if (Object.keys(changes).length === 0) throw usageError('What should change? See: authrim users update --help')
      const api = await context().admin()
      const { UserAnswer } = await import('../admin/answers.ts')
      show(context(), await api.patch(`/users/${segment(user)}`, changes, UserAnswer))
    })

  verb(
    noun,
    'set-password <user>',
    'set a password; ends the person’s sessions',
    'authrim users set-password ada --password-file -',
  )
    .option('--password-file <file>', 'password from a file, or - for standard input')
    .action(async (user: string, { passwordFile }: { passwordFile?: string }) => {
      const { report, prompt, admin } = context()
      const path = `/users/${segment(user)}/password`
      const password =
        passwordFile === undefined
          ? await prompt.newPassword(`New password of ${user}`, '--password-file')
          : await readSecret(passwordFile, '--password-file')
      const api = await admin()
      const { Anything } = await import('../admin/answers.ts')
      await api.put(path, { password }, Anything)
      report.answer({ user, passwordSet: true }, () => [report.done(`${user} has a new password and is signed out`)])
    })

  for (const [action, summary] of [
    ['disable', 'stop a person at once, everywhere'],
    ['enable', 'let a disabled person in again'],
  ] as const) {
    verb(noun, `${action} <user>`, summary, `authrim users ${action} ada`).action(async (user: string) => {
      const { report, admin } = context()
      const api = await admin()
      const { UserAnswer } = await import('../admin/answers.ts')
      const answer = await api.post(`/users/${segment(user)}/${action}`, {}, UserAnswer)
      report.answer(answer, () => [report.done(`${sanitize(answer.user.email)} is ${action}d`)])
    })
  }

  verb(noun, 'delete <user>', 'remove a person for good', 'authrim users delete ada')
    .option('--confirm <environment>', 'the environment’s name, instead of typing it')
    .action(async (user: string, { confirm }: { confirm?: string }) => {
      const { report, prompt, admin, environment } = context()
      const path = `/users/${segment(user)}`
      const { name } = (await environment()).environment
      await prompt.confirmRemoval(`${user} and everything known about them goes from ${name}.`, name, confirm)
      const api = await admin()
      const { Anything } = await import('../admin/answers.ts')
      await api.delete(path, Anything)
      report.answer({ deleted: user }, () => [report.done(`${user} is deleted`)])
    })

  verb(noun, 'sessions <user>', 'list where a person is signed in', 'authrim users sessions ada').action(
    async (user: string) => {
      const { report, admin } = context()
      const api = await admin()
      const { SessionsAnswer } = await import('../admin/answers.ts')
      const answer = await api.get(`/users/${segment(user)}/sessions`, SessionsAnswer)
      report.list(
        { ...answer, nextCursor: null },
        answer.sessions,
        [
          { title: 'id', value: ({ id }) => id },
          { title: 'last seen', value: ({ lastSeenAt }) => shortTime(lastSeenAt) },
          { title: 'expires', value: ({ expiresAt }) => shortTime(expiresAt) },
          { title: 'address', value: ({ address }) => address ?? undefined },
          { title: 'browser', value: ({ userAgent }) => userAgent ?? undefined },
          { title: 'clients', value: ({ clients }) => clients.join(' ') },
        ],
        `${user} is not signed in anywhere.`,
      )
    },
  )

  verb(noun, 'sign-out <user>', 'end every session and grant of a person', 'authrim users sign-out ada').action(
    async (user: string) => {
      const { report, admin } = context()
      const api = await admin()
      const { SignOutAnswer } = await import('../admin/answers.ts')
      const answer = await api.post(`/users/${segment(user)}/sign-out`, {}, SignOutAnswer)
      report.answer(answer, () => [
        report.done(`${user} is signed out: sessions ${answer.sessions}, grants ${answer.grants}`),
      ])
    },
  )

  verb(noun, 'import <file>', 'import people from NDJSON, - for standard input', 'authrim users import people.ndjson')
    .addHelpText(
      'before',
      'One person a line: {"email", "username"?, "emailVerified"?, "claims"?, "passwordHash"?}; who exists is skipped\n',
    )
    .action(async (file: string) => {
      const { report, admin } = context()
      const { importUsers, parsePeople } = await import('./users-import.ts')
      const people = parsePeople(await readInput(file, 'file'))
      const result = await importUsers(await admin(), people, (done) => report.note(`${done} of ${people.length}`))
      report.answer(result, () => [
        report.done(`${result.imported} imported, ${result.skipped.length} skipped`),
        ...result.skipped.map(({ email, reason }) => `    ${sanitize(email ?? '?')}: ${sanitize(reason)}`),
      ])
    })
}

async function create(ctx: Context, options: CreateOptions): Promise<void> {
  const { report, prompt, admin } = ctx
  const { username, name, passwordFile, verified, ifMissing } = options
  const claims = assignments(options.claim ?? [], '--claim')
  const email = options.email ?? (await prompt.text('E-mail address', '--email'))
  const api = await admin()
  const { UserAnswer } = await import('../admin/answers.ts')
  const find = async () =>
    await api.get(`/users/${segment(email)}`, UserAnswer).catch((error: unknown) => {
      if (error instanceof CliError && error.code === 'not_found') return undefined
      throw error
    })
  const existing = ifMissing ? await find() : undefined
  if (existing) return answerUser(ctx, existing.user, 'exists already')
  const password =
    passwordFile !== undefined
      ? await readSecret(passwordFile, '--password-file')
      : options.password !== false && prompt.interactive
        ? await prompt.newPassword(`Password of ${email}`, '--password-file')
        : undefined
  const { user } = await api.post(
    '/users',
    {
      email,
      ...(username !== undefined && { username }),
      ...(name !== undefined && { name }),
      ...(verified && { emailVerified: true }),
      ...(password !== undefined && { password }),
      ...(Object.keys(claims).length > 0 && { claims }),
    },
    UserAnswer,
  )
  answerUser(ctx, user, 'is created')
  if (password === undefined) report.note(`There is no password yet: authrim users set-password ${sanitize(email)}`)
}

/** The members that scripts rely on, no more. */
function answerUser({ report }: Context, user: UserRecord, what: string): void {
  const { sub, username = null, email, emailVerified, createdAt, disabled } = user
  report.answer({ user: { sub, username, email, emailVerified, createdAt, disabled } }, () => [
    report.done(`${sanitize(email)} ${what}`),
    ...pairs([
      ['  sub', sub],
      ['  username', username ?? undefined],
    ]),
  ])
}

function show({ report }: Context, answer: { user: UserRecord }): void {
  const { sub, username, email, emailVerified, disabled, createdAt, hasPassword, claims = {} } = answer.user
  report.answer(answer, () =>
    pairs([
      ['sub', sub],
      ['username', username ?? undefined],
      ['email', `${email}${emailVerified ? '' : ' (not verified)'}`],
      ['state', disabled ? 'disabled' : 'active'],
      ['created', shortTime(createdAt)],
      ['password', hasPassword === undefined ? undefined : hasPassword ? 'set' : 'none'],
      ...Object.entries(claims).map(
        ([name, value]) => [name, typeof value === 'string' ? value : JSON.stringify(value)] as const,
      ),
    ]),
  )
}
