import type { Command } from 'commander'
import { listOptions, listQuery, type ListOptions, query, segment } from '../admin/query.ts'
import type { Context } from '../context.ts'
import { CliError, usageError } from '../error.ts'
import type { DefineCommand } from '../program.ts'
import { type PartnerOptions, partnerChoices, partnerOptions, type Role } from '../saml/partner-options.ts'
import { partnerLines } from '../saml/partner-lines.ts'
import { readInput } from '../secret-file.ts'
import { showExamples, verb, withExample } from '../ui/help.ts'
import { pairs, shortTime } from '../ui/report.ts'
import { sanitize } from '../ui/sanitize.ts'

interface AddOptions extends PartnerOptions {
  readonly metadata?: string
  readonly entity?: string
  readonly alias?: string
  readonly ifMissing?: true
}

interface UpdateOptions extends PartnerOptions {
  readonly metadataUrl?: string
  readonly enable?: true
  readonly disable?: true
}

const nouns = {
  sp: { summary: 'service providers: applications that people sign in to from here', one: 'application' },
  idp: { summary: 'identity providers: whose people sign in here', one: 'identity provider' },
} as const

export const define: DefineCommand = (noun, context) => {
  for (const role of ['sp', 'idp'] as const) {
    const example = `authrim saml ${role} list`
    const partners = withExample(noun.command(role).description(nouns[role].summary), example)
    definePartners(showExamples(partners), role, context)
  }

  verb(noun, 'metadata', 'print our own metadata, for partners to load', 'authrim saml metadata > authrim.xml')
    .option('--sp', 'as service provider; without it, as identity provider')
    .option('--for <partner>', 'as the entity that we are towards this identity provider')
    .option('--certificate', 'only the certificate of the key that signs, in PEM')
    .action((options: OwnOptions) => ownMetadata(context(), options))
}

function definePartners(noun: Command, role: Role, context: () => Context): void {
  const { one } = nouns[role]
  const at = (partner: string) => `/saml/${role}/${segment(partner)}`

  partnerOptions(
    verb(noun, 'add', `add ${article(one)} by its metadata`, addExamples[role])
      .option(
        '--metadata <file>|<url>|-',
        'its metadata: a file, an address that is fetched again every day, - for stdin',
      )
      .option('--entity <entity-id>', 'which one, where the metadata holds several')
      .option('--alias <alias>', 'its short name in addresses; without it, made of its name')
      .option('--if-missing', 'nothing to do, and no error, when there is one'),
    role,
  ).action((options: AddOptions) => add(context(), role, options))

  listOptions(verb(noun, 'list', `list the ${one}s`, `authrim saml ${role} list`)).action(
    async (options: ListOptions) => {
      const { report, admin } = context()
      const path = `/saml/${role}${query(listQuery(options))}`
      const api = await admin()
      const { PartnersAnswer } = await import('../saml/answers.ts')
      const answer = await api.get(path, PartnersAnswer)
      report.list(
        answer,
        answer.partners,
        [
          { title: 'alias', value: (partner) => partner.alias },
          { title: 'name', value: (partner) => partner.name },
          { title: 'entity', value: (partner) => partner.entityId },
          { title: 'state', value: (partner) => (partner.enabled ? 'enabled' : 'disabled') },
          { title: 'certificates until', value: (partner) => shortTime(partner.certificatesExpireAt) },
          { title: 'refresh', value: (partner) => partner.refreshProblem },
        ],
        `There are no ${one}s yet. Add one with: authrim saml ${role} add`,
      )
    },
  )

  verb(noun, 'show <partner>', `show ${article(one)}, by alias or entity id`, `authrim saml ${role} show acme`).action(
    async (id: string) => {
      const { report, admin } = context()
      const path = at(id)
      const api = await admin()
      const { PartnerAnswer } = await import('../saml/answers.ts')
      const answer = await api.get(path, PartnerAnswer)
      report.answer(answer, () => partnerLines(answer.partner))
    },
  )

  partnerOptions(
    verb(noun, 'update <partner>', `change ${article(one)}`, updateExamples[role])
      .option('--metadata-url <url>', 'fetch its metadata from here from now on')
      .option('--enable', 'let it go on')
      .option('--disable', 'refuse it at once'),
    role,
  ).action(async (id: string, options: UpdateOptions) => {
    if (options.enable && options.disable) throw usageError('--enable or --disable, not both.')
    const enabled = options.enable ? true : options.disable ? false : undefined
    const changes = {
      ...(enabled !== undefined && { enabled }),
      ...(options.metadataUrl !== undefined && { metadataUrl: options.metadataUrl }),
      ...(await partnerChoices(options, role)),
    }
    if (Object.keys(changes).length === 0)
      throw usageError(`What should change? See: authrim saml ${role} update --help`)
    const { report, admin } = context()
    const path = at(id)
    const api = await admin()
    const { PartnerAnswer } = await import('../saml/answers.ts')
    const answer = await api.patch(path, changes, PartnerAnswer)
    report.answer(answer, () => [report.done(`${sanitize(id)} is changed`), ...partnerLines(answer.partner)])
  })

  verb(
    noun,
    'refresh <partner>',
    'fetch its metadata again now, as happens every day',
    `authrim saml ${role} refresh acme`,
  ).action(async (id: string) => {
    const { report, admin } = context()
    const path = `${at(id)}/refresh`
    const api = await admin()
    const { PartnerAnswer } = await import('../saml/answers.ts')
    const answer = await api.post(path, {}, PartnerAnswer)
    report.answer(answer, () => [report.done(`${sanitize(id)} is refreshed`), ...partnerLines(answer.partner)])
  })

  verb(noun, 'remove <partner>', `remove ${article(one)} for good`, `authrim saml ${role} remove acme`)
    .option('--confirm <environment>', 'the environment’s name, instead of typing it')
    .action(async (id: string, { confirm }: { confirm?: string }) => {
      const { report, prompt, admin, environment } = context()
      const path = at(id)
      const { name } = (await environment()).environment
      const loss = role === 'idp' ? ', and its people lose the way to their accounts' : ''
      await prompt.confirmRemoval(`${id} goes from ${name}${loss}.`, name, confirm)
      const api = await admin()
      const { Anything } = await import('../admin/answers.ts')
      await api.delete(path, Anything)
      report.answer({ removed: id }, () => [report.done(`${sanitize(id)} is removed`)])
    })
}

const addExamples = {
  sp: 'authrim saml sp add --metadata https://wiki.example.com/saml/metadata --name Wiki',
  idp: 'authrim saml idp add --metadata acme.xml --name Acme --domain acme.example --link-by verified-email',
} as const

const updateExamples = {
  sp: 'authrim saml sp update wiki --name-id email',
  idp: 'authrim saml idp update acme --domain acme.example --domain acme.test',
} as const

async function add(ctx: Context, role: Role, options: AddOptions): Promise<void> {
  const { report, admin, prompt } = ctx
  const source = options.metadata ?? (await prompt.text('Metadata: a file or an address', '--metadata'))
  const isAddress = /^https?:\/\//i.test(source)
  const { entity, alias } = options
  const body = {
    ...(isAddress ? { metadataUrl: source } : { metadata: await readInput(source, '--metadata') }),
    ...(entity !== undefined && { entityId: entity }),
    ...(alias !== undefined && { alias }),
    ...(await partnerChoices(options, role)),
  }
  const api = await admin()
  const { PartnerAnswer } = await import('../saml/answers.ts')
  try {
    const answer = await api.post(`/saml/${role}`, body, PartnerAnswer)
    report.answer(answer, () => [
      report.done(`${sanitize(answer.partner.name)} is added`),
      ...partnerLines(answer.partner),
    ])
  } catch (error) {
    if (!(error instanceof CliError) || error.code !== 'already_exists' || !options.ifMissing) throw error
    report.answer({ partner: null, existed: true }, () => [report.done('there is one already')])
  }
}

interface OwnOptions {
  readonly sp?: true
  readonly for?: string
  readonly certificate?: true
}

async function ownMetadata(ctx: Context, options: OwnOptions): Promise<void> {
  const { report, admin, environment } = ctx
  const api = await admin()
  const { OwnMetadataAnswer, PartnerAnswer } = await import('../saml/answers.ts')
  const own = await api.get('/saml/metadata', OwnMetadataAnswer)
  if (options.certificate) {
    const [{ certificate, expiresAt } = { certificate: '', expiresAt: '' }] = own.certificates
    return report.answer({ certificate: { pem: pem(certificate), expiresAt } }, () => [pem(certificate)])
  }
  const towards = options.for
  const partner =
    towards === undefined ? undefined : (await api.get(`/saml/idp/${segment(towards)}`, PartnerAnswer)).partner
  const address = partner?.spMetadataUrl ?? (options.sp ? own.sp.metadataUrl : own.idp.metadataUrl)
  const document = await fetched(address, (await environment()).environment.issuer)
  if (ctx.json) return report.document({ metadata: { ...own, url: address, document } })
  report.lines([document.trimEnd()])
  report.note(
    pairs([
      ['address', address],
      ['certificate until', shortTime(own.certificates[0]?.expiresAt)],
    ])
      .map((line) => line.trim())
      .join(' · '),
  )
}

async function fetched(address: string, issuer: string): Promise<string> {
  if (new URL(address).origin !== new URL(issuer).origin) throw usageError(`${address} is not of ${issuer}.`)
  let response: Response
  try {
    response = await fetch(address, { redirect: 'manual', signal: AbortSignal.timeout(10_000) })
  } catch (error) {
    throw new CliError(`${address} does not answer.`, {
      code: 'unreachable',
      hint: 'authrim doctor',
      details: String(error),
    })
  }
  if (response.status !== 200)
    throw new CliError(`${address} answers ${response.status}.`, { code: 'unexpected_answer', hint: 'authrim doctor' })
  return response.text()
}

function pem(base64: string): string {
  return ['-----BEGIN CERTIFICATE-----', ...(base64.match(/.{1,64}/g) ?? []), '-----END CERTIFICATE-----'].join('\n')
}

function article(noun: string): string {
  return `${/^[aeio]/.test(noun) ? 'an' : 'a'} ${noun}`
}
