import { usageError } from '../error.ts'

const SIGN_IN_SCOPE = 'openid profile email offline_access'

/** Registration metadata (RFC 7591 §2) of the usual kinds of client. */
const presets = {
  web: {
    application_type: 'web',
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
    token_endpoint_auth_method: 'client_secret_basic',
    scope: SIGN_IN_SCOPE,
  },
  spa: {
    application_type: 'web',
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
    token_endpoint_auth_method: 'none',
    scope: SIGN_IN_SCOPE,
  },
  native: {
    application_type: 'native',
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
    token_endpoint_auth_method: 'none',
    scope: SIGN_IN_SCOPE,
  },
  machine: {
    application_type: 'web',
    grant_types: ['client_credentials'],
    response_types: [],
    token_endpoint_auth_method: 'client_secret_basic',
  },
  device: {
    application_type: 'native',
    grant_types: ['urn:ietf:params:oauth:grant-type:device_code', 'refresh_token'],
    response_types: [],
    token_endpoint_auth_method: 'none',
    scope: SIGN_IN_SCOPE,
  },
  ciba: {
    application_type: 'web',
    grant_types: ['urn:openid:params:grant-type:ciba', 'refresh_token'],
    response_types: [],
    token_endpoint_auth_method: 'client_secret_basic',
    backchannel_token_delivery_mode: 'poll',
    scope: SIGN_IN_SCOPE,
  },
} as const

type ClientType = keyof typeof presets

export const clientTypes = [
  'web',
  'spa',
  'native',
  'machine',
  'device',
  'ciba',
] as const satisfies readonly ClientType[]

/** Metadata of a client of this type, and whether people are redirected to it. */
export function preset(type: string): { metadata: Record<string, unknown>; redirects: boolean } {
  const known = clientTypes.find((one) => one === type)
  if (known === undefined) throw usageError(`--type ${type} is not one of ${clientTypes.join(', ')}.`)
  return { metadata: { ...presets[known] }, redirects: presets[known].response_types.length > 0 }
}
