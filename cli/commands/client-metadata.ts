import type { Command } from 'commander'
import { usageError } from '../error.ts'
import { readInput } from '../secret-file.ts'
import { collect } from '../ui/help.ts'
import type { Prompt } from '../ui/prompt.ts'
import { assignments } from './assignments.ts'
import { clientTypes, preset } from './client-presets.ts'

export interface MetadataOptions {
  readonly from?: string
  readonly type?: string
  readonly id?: string
  readonly name?: string
  readonly redirectUri?: string[]
  readonly postLogoutRedirectUri?: string[]
  readonly scope?: string
  readonly authMethod?: string
  readonly jwksUri?: string
  readonly jwksFile?: string
  readonly firstParty?: boolean
  readonly requirePkce?: boolean
  readonly set?: string[]
}

/** The options that say what a client is. */
export function metadataOptions(command: Command): Command {
  return command
    .option('--from <file>', 'RFC 7591 metadata as JSON, - for standard input; other options add to it')
    .option('--name <name>', 'client_name, which people see')
    .option('--redirect-uri <uri>', 'where codes may be sent; repeatable', collect)
    .option('--post-logout-redirect-uri <uri>', 'where people may go after signing out; repeatable', collect)
    .option('--scope <scope>', 'scopes it may ask for, separated by spaces')
    .option('--auth-method <method>', 'token_endpoint_auth_method: client_secret_basic, private_key_jwt …')
    .option('--jwks-uri <uri>', 'where its public keys are')
    .option('--jwks-file <file>', 'its public keys, a JWK Set')
    .option('--first-party', 'it belongs to the operator: people are not asked for consent')
    .option('--no-first-party', 'people are asked for consent')
    .option('--require-pkce', 'refuse requests without PKCE')
    .option('--no-require-pkce', 'accept requests without PKCE from a client that has a secret')
    .option('--set <member=value>', 'any other member; repeatable; a value may be JSON', collect)
}

/** The members that options name. */
export async function metadataFrom(options: MetadataOptions): Promise<Record<string, unknown>> {
  const { from, id, name, redirectUri, postLogoutRedirectUri, scope, authMethod, jwksUri, jwksFile } = options
  return {
    ...(from !== undefined && jsonObject(await readInput(from, '--from'), `--from ${from}`)),
    ...(id !== undefined && { client_id: id }),
    ...(name !== undefined && { client_name: name }),
    ...(redirectUri && { redirect_uris: redirectUri }),
    ...(postLogoutRedirectUri && { post_logout_redirect_uris: postLogoutRedirectUri }),
    ...(scope !== undefined && { scope }),
    ...(authMethod !== undefined && { token_endpoint_auth_method: authMethod }),
    ...(jwksUri !== undefined && { jwks_uri: jwksUri }),
    ...(jwksFile !== undefined && { jwks: jsonObject(await readInput(jwksFile, '--jwks-file'), '--jwks-file') }),
    ...(options.firstParty !== undefined && { first_party: options.firstParty }),
    ...(options.requirePkce !== undefined && { require_pkce: options.requirePkce }),
    ...assignments(options.set ?? [], '--set'),
  }
}

/** Metadata of a client to be: a preset or a file, and answers for what is missing. */
export async function newClientMetadata(options: MetadataOptions, prompt: Prompt): Promise<Record<string, unknown>> {
  const given = await metadataFrom(options)
  if (options.from !== undefined && options.type === undefined) return given
  const type = options.type ?? (await prompt.choice('What kind of client?', clientTypes, '--type or --from'))
  const { metadata, redirects } = preset(type)
  const name = given['client_name'] ?? (await prompt.text('What do people call it?', '--name'))
  const uris = given['redirect_uris'] ?? (redirects ? [await prompt.text('Redirect URI', '--redirect-uri')] : [])
  return { ...metadata, ...given, client_name: name, redirect_uris: uris }
}

function jsonObject(text: string, source: string): object {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw usageError(`${source} is not JSON.`)
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw usageError(`${source} is not a JSON object.`)
  return value
}
