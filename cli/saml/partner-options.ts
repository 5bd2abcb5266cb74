import type { Command } from 'commander'
import { usageError } from '../error.ts'
import { readInput } from '../secret-file.ts'
import { collect } from '../ui/help.ts'

export type Role = 'sp' | 'idp'

/** What the options of `add` and `update` say; commander names them so. */
export interface PartnerOptions {
  readonly name?: string
  readonly idpInitiated?: boolean
  readonly metadataSigner?: string
  readonly nameId?: string
  readonly attribute?: string[]
  readonly signResponse?: boolean
  readonly encrypt?: boolean
  readonly signedRequests?: boolean
  readonly domain?: string[]
  readonly button?: boolean
  readonly linkBy?: string
  readonly createUsers?: boolean
  readonly separateEntity?: boolean
}

const nameIds: Readonly<Record<string, string>> = {
  persistent: 'urn:oasis:names:tc:SAML:2.0:nameid-format:persistent',
  transient: 'urn:oasis:names:tc:SAML:2.0:nameid-format:transient',
  email: 'urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress',
  unspecified: 'urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified',
}

const attributeFormat = 'urn:oasis:names:tc:SAML:2.0:attrname-format:'

/** The options by which an operator chooses for a partner; each but the first few is of one role. */
export function partnerOptions(command: Command, role: Role): Command {
  command
    .option('--name <name>', role === 'sp' ? 'what people see it called' : 'what its button says')
    .option('--metadata-signer <file>', 'certificate (PEM) of who has to sign the metadata')
  const start = role === 'sp' ? 'sign-ins that begin here' : 'sign-ins that begin there'
  command.option('--idp-initiated', `accept ${start}; off by default`)
  command.option('--no-idp-initiated', `refuse ${start}`)
  return role === 'sp' ? serviceProviderOptions(command) : identityProviderOptions(command)
}

function serviceProviderOptions(command: Command): Command {
  return command
    .option('--name-id <format>', `${Object.keys(nameIds).join(', ')}, or a URN`)
    .option('--attribute <source=name>', 'tell it this; again for each, in place of the usual ones', collect)
    .option('--sign-response', 'sign the response too, not only the assertion')
    .option('--no-sign-response', 'sign the assertion only')
    .option('--encrypt', 'encrypt assertions; the default where the metadata has a key for it')
    .option('--no-encrypt', 'do not encrypt assertions')
    .option('--signed-requests', 'refuse requests that are not signed')
    .option('--no-signed-requests', 'accept requests that are not signed')
}

function identityProviderOptions(command: Command): Command {
  return command
    .option('--domain <domain>', 'send people with addresses of this e-mail domain there; again for each', collect)
    .option('--button', 'offer it on the sign-in page; the default')
    .option('--no-button', 'reach it by domain or link only')
    .option('--attribute <claim=name>', 'the attribute that holds this claim, where it has another name', collect)
    .option(
      '--link-by <rule>',
      'verified-email: who has an account with an address of a --domain gets it; never: the default',
    )
    .option('--create-users', 'make an account for who has none; the default')
    .option('--no-create-users', 'refuse who has no account')
    .option('--separate-entity', 'be an entity of its own towards it, with its own metadata')
    .option('--no-separate-entity', 'be the same entity as towards others')
}

/** The members of the admin API that the options name. */
export async function partnerChoices(options: PartnerOptions, role: Role): Promise<Record<string, unknown>> {
  const { metadataSigner } = options
  return defined({
    name: options.name,
    idpInitiated: options.idpInitiated,
    metadataSigners: metadataSigner === undefined ? undefined : await certificatesIn(metadataSigner),
    ...(role === 'sp' ? serviceProviderChoices(options) : identityProviderChoices(options)),
  })
}

function serviceProviderChoices({ nameId, attribute, signResponse, encrypt, signedRequests }: PartnerOptions) {
  if (nameId !== undefined && !Object.hasOwn(nameIds, nameId) && !nameId.startsWith('urn:'))
    throw usageError(`--name-id ${nameId} is none of ${Object.keys(nameIds).join(', ')}, and no URN.`)
  return {
    nameIdFormat: nameId === undefined ? undefined : (nameIds[nameId] ?? nameId),
    attributes: attribute && Object.entries(assigned(attribute)).map(([source, name]) => released(source, name)),
    signResponse,
    encryptAssertion: encrypt,
    authnRequestsSigned: signedRequests,
  }
}

function released(source: string, name: string) {
  return { source, name, nameFormat: `${attributeFormat}${/^(urn|https?):/.test(name) ? 'uri' : 'basic'}` }
}

function identityProviderChoices(options: PartnerOptions) {
  const { domain, button, attribute, linkBy, createUsers, separateEntity } = options
  if (linkBy !== undefined && linkBy !== 'verified-email' && linkBy !== 'never')
    throw usageError(`--link-by takes verified-email or never, not ${linkBy}.`)
  return {
    domains: domain?.map((each) => each.toLowerCase()),
    button,
    attributeMap: attribute && assigned(attribute),
    linkBy: linkBy === 'verified-email' ? 'verified_email' : linkBy,
    createUsers,
    separateEntity,
  }
}

function assigned(pairs: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    pairs.map((pair) => {
      const at = pair.indexOf('=')
      if (at < 1 || at === pair.length - 1) throw usageError(`--attribute ${pair} is not name=value.`)
      return [pair.slice(0, at), pair.slice(at + 1)]
    }),
  )
}

async function certificatesIn(file: string): Promise<string[]> {
  const pem = await readInput(file, '--metadata-signer')
  const found = [...pem.matchAll(/-----BEGIN CERTIFICATE-----([^-]+)-----END CERTIFICATE-----/g)]
  if (found.length === 0) throw usageError(`--metadata-signer ${file} holds no certificate in PEM.`)
  return found.map(([, base64 = '']) => base64.replaceAll(/\s/g, ''))
}

function defined(members: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined))
}
