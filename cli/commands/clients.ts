import type { InferOutput } from 'valibot'
import type { Client } from '../admin/answers.ts'
import { listOptions, listQuery, type ListOptions, query, segment } from '../admin/query.ts'
import type { Context } from '../context.ts'
import { parseDuration } from '../duration.ts'
import { usageError } from '../error.ts'
import type { DefineCommand } from '../program.ts'
import { readInput, writeSecretFile } from '../secret-file.ts'
import { verb } from '../ui/help.ts'
import { pairs, shortTime } from '../ui/report.ts'
import { safeJson, sanitize } from '../ui/sanitize.ts'
import { clientTypes } from './client-presets.ts'
import { type MetadataOptions, metadataFrom, metadataOptions, newClientMetadata } from './client-metadata.ts'

type ClientRecord = InferOutput<typeof Client>

export const define: DefineCommand = (noun, context) => {
  metadataOptions(
    verb(
      noun,
      'create',
      'register a client; its secret is shown once',
      'authrim clients create --type web --name Shop --redirect-uri https://shop.example/callback',
    ),
  )
    .option('--type <type>', `preset: ${clientTypes.join(', ')}`)
    .option('--id <client_id>', 'client_id to use; without it, a random one')
    .option('--if-missing', 'nothing to do, and no error, when there is one')
    .action((options: MetadataOptions & { ifMissing?: true }) => create(context(), options))

  listOptions(verb(noun, 'list', 'list clients', 'authrim clients list --search shop')).action(
    async (options: ListOptions) => {
      const { report, admin } = context()
      const path = `/clients${query(listQuery(options))}`
      const api = await admin()
      const { ClientsAnswer } = await import('../admin/answers.ts')
      const answer = await api.get(path, ClientsAnswer)
      report.list(
        answer,
        answer.clients,
        [
          { title: 'client_id', value: ({ client_id }) => client_id },
          { title: 'name', value: ({ client_name }) => client_name },
          { title: 'grants', value: ({ grant_types }) => grant_types?.join(' ') },
          { title: 'authentication', value: ({ token_endpoint_auth_method }) => token_endpoint_auth_method },
          { title: 'state', value: ({ disabled }) => (disabled ? 'disabled' : 'active') },
        ],
        'There are no clients yet. Register one with: authrim clients create',
      )
    },
  )

  verb(noun, 'show <client_id>', 'show a client’s metadata', 'authrim clients show shop').action(async (id: string) => {
    const { report, admin } = context()
    const api = await admin()
    const { ClientAnswer } = await import('../admin/answers.ts')
    const answer = await api.get(`/clients/${segment(id)}`, ClientAnswer)
    report.answer(answer, () => describe(answer.client))
  })

  metadataOptions(
    verb(noun, 'update <client_id>', 'change a client’s metadata', 'authrim clients update shop --name "The Shop"'),
  )
    .option('--unset <member...>', 'remove these members')
    .action(async (id: string, options: MetadataOptions & { unset?: string[] }) => {
      const changes = {
        ...(await metadataFrom(options)),
        ...Object.fromEntries((options.unset ?? []).map((member) => [member, null])),
      }
      if (Object.keys(changes).length === 0) throw usageError('What should change? See: authrim clients update --help')
      const { report, admin } = context()
      const api = await admin()
      const { ClientAnswer } = await import('../admin/answers.ts')
      const answer = await api.patch(`/clients/${segment(id)}`, changes, ClientAnswer)
      report.answer(answer, () => [report.done(`${sanitize(id)} is changed`), ...describe(answer.client)])
    })

  verb(
    noun,
    'rotate-secret <client_id>',
    'make a new secret; it is shown once',
    'authrim clients rotate-secret shop --overlap 24h',
  )
    .option('--overlap <duration>', 'accept the old secret for this long: 30m, 24h')
    .action(async (id: string, { overlap }: { overlap?: string }) => {
      const { report, admin } = context()
      const body = overlap === undefined ? {} : { overlap: parseDuration(overlap, '--overlap') }
      const api = await admin()
      const { ClientAnswer } = await import('../admin/answers.ts')
      const answer = await api.post(`/clients/${segment(id)}/secret`, body, ClientAnswer)
      const { client_id, client_secret, previous_secret_expires_at: until } = answer.client
      report.answer(answer, () => [
        report.done(`${sanitize(client_id)} has a new secret, shown this once`),
        ...pairs([
          ['  client_secret', client_secret],
          ['  old one until', shortTime(typeof until === 'number' ? fromSeconds(until) : until) ?? 'now'],
        ]),
      ])
    })

  for (const [action, summary] of [
    ['disable', 'stop a client at once, with what it was granted'],
    ['enable', 'let a disabled client go on'],
  ] as const) {
    verb(noun, `${action} <client_id>`, summary, `authrim clients ${action} shop`).action(async (id: string) => {
      const { report, admin } = context()
      const api = await admin()
      const { ClientAnswer } = await import('../admin/answers.ts')
      const answer = await api.post(`/clients/${segment(id)}/${action}`, {}, ClientAnswer)
      report.answer(answer, () => [report.done(`${sanitize(id)} is ${action}d`)])
    })
  }

  verb(noun, 'delete <client_id>', 'remove a client for good', 'authrim clients delete shop')
    .option('--confirm <environment>', 'the environment’s name, instead of typing it')
    .action(async (id: string, { confirm }: { confirm?: string }) => {
      const { report, prompt, admin, environment } = context()
      const path = `/clients/${segment(id)}`
      const { name } = (await environment()).environment
      await prompt.confirmRemoval(`Client ${id} goes from ${name}, with what it was granted.`, name, confirm)
      const api = await admin()
      const { Anything } = await import('../admin/answers.ts')
      await api.delete(path, Anything)
      report.answer({ deleted: id }, () => [report.done(`${sanitize(id)} is deleted`)])
    })

  verb(
    noun,
    'export [file]',
    'write all clients as JSON, with hashes of their secrets',
    'authrim clients export clients.json',
  ).action(async (file: string | undefined) => {
    const { report, admin } = context()
    const { exportClients } = await import('./clients-transfer.ts')
    const clients = await exportClients(await admin())
    if (file === undefined) return report.document({ clients })
    writeSecretFile(file, `${safeJson({ clients }, 2)}\n`)
    report.answer({ file, exported: clients.length }, () => [report.done(`${clients.length} clients are in ${file}`)])
  })

  verb(
    noun,
    'import <file>',
    'register the clients of an export, - for standard input',
    'authrim clients import clients.json',
  ).action(async (file: string) => {
    const { report, admin } = context()
    const { importClients, parseClients } = await import('./clients-transfer.ts')
    const clients = parseClients(await readInput(file, 'file'))
    const result = await importClients(await admin(), clients)
    report.answer(result, () => [report.done(`${result.imported} imported, ${result.updated} updated`)])
  })

  verb(
    noun,
    'registration-token',
    'make a token with which a client may register itself (RFC 7591)',
    'authrim clients registration-token --expires-in 24h',
  )
    .option('--expires-in <duration>', 'how long it is accepted: 30m, 24h')
    .action(async ({ expiresIn }: { expiresIn?: string }) => {
      const { report, admin } = context()
      const body = expiresIn === undefined ? {} : { expiresIn: parseDuration(expiresIn, '--expires-in') }
      const api = await admin()
      const { RegistrationTokenAnswer } = await import('../admin/answers.ts')
      const answer = await api.post('/registration-tokens', body, RegistrationTokenAnswer)
      const { token, expiresAt } = answer.registrationToken
      report.answer(answer, () => [
        report.done('a client may register itself with this token, shown this once'),
        ...pairs([
          ['  token', token],
          ['  until', shortTime(expiresAt)],
        ]),
      ])
    })
}

async function create(ctx: Context, options: MetadataOptions & { ifMissing?: true }): Promise<void> {
  const { report, prompt, admin } = ctx
  const metadata = await newClientMetadata(options, prompt)
  const api = await admin()
  const [{ ClientAnswer }, { findClient }] = await Promise.all([
    import('../admin/answers.ts'),
    import('./clients-transfer.ts'),
  ])
  if (options.ifMissing) {
    const existing = await findClient(api, metadata)
    if (existing) {
      return report.answer({ client: existing }, () => [report.done(`${sanitize(existing.client_id)} exists already`)])
    }
  }
  const answer = await api.post('/clients', metadata, ClientAnswer)
  report.answer(answer, () => [
    report.done(`${sanitize(answer.client.client_name ?? answer.client.client_id)} is registered`),
    ...describe(answer.client),
    ...(answer.client.client_secret ? ['', '  The secret is shown this once.'] : []),
  ])
}

function describe(client: ClientRecord): string[] {
  const { client_id, client_secret, client_id_issued_at: issued, disabled, ...metadata } = client
  return pairs([
    ['client_id', client_id],
    ['client_secret', client_secret],
    ['state', disabled ? 'disabled' : 'active'],
    ['registered', issued === undefined ? undefined : shortTime(fromSeconds(issued))],
    // Our secrets do not expire, which RFC 7591 writes as 0.
    ...Object.entries({ ...metadata, client_secret_expires_at: undefined }).map(
      ([member, value]) => [member, shown(value)] as const,
    ),
  ])
}

function shown(value: unknown): string | undefined {
  if (value === undefined || value === null) return undefined
  if (Array.isArray(value) && value.every((item) => typeof item === 'string')) return value.join(' ')
  return typeof value === 'string' ? value : JSON.stringify(value)
}

function fromSeconds(seconds: number): string {
  return new Date(seconds * 1000).toISOString()
}
