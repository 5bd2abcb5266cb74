/**
 * The one table of what authrim is made of: every Worker with its paths, bindings, stage and budget.
 * Templates, the local server, the deploy plan, routes and the documentation read it.
 */

export type KvNamespace = 'CLIENTS' | 'AUTH_CODES' | 'REFRESH_TOKENS'

/** A Durable Object class and the binding under which Workers reach it. */
export const objects = {
  KeyManager: 'KEY_MANAGER',
  GrantLedger: 'GRANT_LEDGER',
  SessionStore: 'SESSION_STORE',
  PendingRequests: 'PENDING_REQUESTS',
  Throttle: 'THROTTLE',
} as const

export type ObjectClass = keyof typeof objects

/** What an opaque handle is for; each kind is authenticated with a key of its own. */
export const handleKinds = [
  'code',
  'refresh',
  'access',
  'session',
  'interaction',
  'browser',
  'device',
  'request_uri',
  'registration',
  'initial',
  'device_code',
  'auth_req_id',
] as const

export type HandleKind = (typeof handleKinds)[number]

/**
 * What a Worker may ask of the key lease: a private signing key, SAML's keys with their certificates, the secret of
 * pairwise identifiers, a handle key, public keys only, or whether a gate ticket counts.
 */
export type KeyUse = 'sign:access' | 'sign:id' | 'sign:saml' | 'pairwise' | 'verify' | 'ticket' | `handle:${HandleKind}`

export interface RateLimit {
  readonly binding: string
  /** Calls allowed in each period. */
  readonly limit: number
  /** Seconds; Cloudflare accepts 10 or 60. */
  readonly period: 10 | 60
}

/** A plain-text variable in `[vars]`; its value comes from the environment's configuration. */
export type Variable =
  | 'ISSUER_URL'
  | 'ENVIRONMENT'
  | 'CODE_EXPIRY'
  | 'TOKEN_EXPIRY'
  | 'ID_TOKEN_EXPIRY'
  | 'REFRESH_TOKEN_EXPIRY'
  | 'SESSION_EXPIRY'
  | 'PAR_EXPIRY'
  | 'REGISTRATION'
  | 'BRANDING'
  | 'BOOTSTRAP_OPERATOR_KEY'
  | 'APPROVAL_WEBHOOK'
  | 'SUPPORT_DECISIONS'

export interface WorkerTopology {
  /** Position in the staged deploy, counted from 1. */
  readonly stage: 1 | 2 | 3 | 4 | 5
  /** Exact paths, except that a trailing `/*` stands for everything below. */
  readonly paths: readonly string[]
  readonly kv: readonly KvNamespace[]
  readonly database: boolean
  /** Classes this Worker calls; the host of all classes is `objectHost`. */
  readonly objects: readonly ObjectClass[]
  readonly leases: readonly KeyUse[]
  readonly rateLimits: readonly RateLimit[]
  readonly variables: readonly Variable[]
  /** Secrets that must be set with the version. */
  readonly secrets: readonly string[]
  /** When its `scheduled` handler runs, in cron's words, UTC; absent: never. */
  readonly schedules?: readonly string[]
  /** Upper bound of the bundle, gzip, in KiB. */
  readonly gzipBudget: number
}

/** The Worker whose code holds every Durable Object class and the key lease entrypoint. */
export const objectHost = 'op-discovery'

/** The entrypoint of `objectHost` that leases keys, and the binding under which others reach it. */
export const keyLease = { entrypoint: 'KeyLease', binding: 'KEYS' } as const

/**
 * The deploy gate's sign-in: a client `gate-…` and a person `gate-…@gate.invalid` of the same name, who has no password
 * and signs in with a ticket, a JWT of this type signed by an operator. All of it counts for `lifetime` seconds.
 * `.invalid` is nobody's (RFC 2606), so no real person has such an address.
 */
export const gate = { domain: 'gate.invalid', ticketType: 'authrim-gate+jwt', lifetime: 600 } as const

export const workers = {
  'op-discovery': {
    stage: 1,
    paths: [
      '/.well-known/openid-configuration',
      '/.well-known/oauth-authorization-server',
      '/.well-known/jwks.json',
      '/op-discovery/health',
    ],
    kv: [],
    database: false,
    objects: ['KeyManager', 'GrantLedger', 'SessionStore', 'PendingRequests', 'Throttle'],
    leases: [],
    rateLimits: [],
    variables: [
      'ISSUER_URL',
      'ENVIRONMENT',
      'REGISTRATION',
      'TOKEN_EXPIRY',
      'ID_TOKEN_EXPIRY',
      'BOOTSTRAP_OPERATOR_KEY',
    ],
    secrets: ['AUTHRIM_SECRET'],
    gzipBudget: 25,
  },
  'op-userinfo': {
    stage: 2,
    paths: ['/userinfo', '/op-userinfo/health'],
    kv: [],
    database: true,
    objects: ['GrantLedger'],
    leases: ['verify', 'handle:access'],
    rateLimits: [],
    variables: ['ISSUER_URL', 'ENVIRONMENT'],
    secrets: [],
    gzipBudget: 20,
  },
  'op-auth': {
    stage: 3,
    paths: [
      '/authorize',
      '/as/par',
      '/signin',
      '/select-account',
      '/consent',
      '/logout',
      '/account',
      '/account/*',
      '/assets/*',
      '/op-auth/health',
    ],
    kv: ['CLIENTS', 'AUTH_CODES'],
    database: true,
    objects: ['GrantLedger', 'SessionStore', 'PendingRequests', 'Throttle'],
    leases: [
      'verify',
      'ticket',
      'handle:code',
      'handle:session',
      'handle:interaction',
      'handle:browser',
      'handle:device',
      'handle:request_uri',
    ],
    rateLimits: [
      { binding: 'PASSWORD_RATE', limit: 60, period: 60 },
      { binding: 'REQUEST_RATE', limit: 300, period: 60 },
    ],
    variables: ['ISSUER_URL', 'ENVIRONMENT', 'CODE_EXPIRY', 'SESSION_EXPIRY', 'PAR_EXPIRY', 'BRANDING'],
    secrets: [],
    gzipBudget: 45,
  },
  'op-token': {
    stage: 3,
    paths: ['/token', '/op-token/health'],
    kv: ['CLIENTS', 'AUTH_CODES', 'REFRESH_TOKENS'],
    database: true,
    objects: ['GrantLedger', 'PendingRequests', 'Throttle'],
    leases: [
      'sign:access',
      'sign:id',
      'handle:code',
      'handle:refresh',
      'handle:access',
      'handle:device_code',
      'handle:auth_req_id',
    ],
    rateLimits: [],
    variables: ['ISSUER_URL', 'ENVIRONMENT', 'TOKEN_EXPIRY', 'ID_TOKEN_EXPIRY', 'REFRESH_TOKEN_EXPIRY'],
    secrets: [],
    gzipBudget: 30,
  },
  'op-management': {
    stage: 4,
    paths: ['/register', '/register/*', '/introspect', '/revoke', '/admin/v1/*', '/op-management/health'],
    kv: ['CLIENTS'],
    database: true,
    objects: ['KeyManager', 'GrantLedger', 'SessionStore', 'PendingRequests', 'Throttle'],
    leases: ['verify', 'handle:refresh', 'handle:access', 'handle:registration', 'handle:initial'],
    rateLimits: [{ binding: 'REGISTRATION_RATE', limit: 20, period: 60 }],
    variables: ['ISSUER_URL', 'ENVIRONMENT', 'REGISTRATION', 'SUPPORT_DECISIONS'],
    secrets: [],
    gzipBudget: 35,
  },
  'op-async': {
    stage: 4,
    paths: ['/device_authorization', '/device', '/bc-authorize', '/approvals', '/approvals/*', '/op-async/health'],
    kv: ['CLIENTS'],
    database: true,
    objects: ['GrantLedger', 'SessionStore', 'PendingRequests', 'Throttle'],
    leases: [
      'sign:access',
      'sign:id',
      'verify',
      'handle:refresh',
      'handle:access',
      'handle:session',
      'handle:browser',
      'handle:device_code',
      'handle:auth_req_id',
    ],
    rateLimits: [
      { binding: 'DEVICE_RATE', limit: 30, period: 60 },
      { binding: 'BACKCHANNEL_RATE', limit: 300, period: 60 },
    ],
    variables: [
      'ISSUER_URL',
      'ENVIRONMENT',
      'TOKEN_EXPIRY',
      'ID_TOKEN_EXPIRY',
      'REFRESH_TOKEN_EXPIRY',
      'BRANDING',
      'APPROVAL_WEBHOOK',
    ],
    secrets: [],
    gzipBudget: 30,
  },
  'op-saml': {
    stage: 4,
    paths: ['/saml/idp/*', '/saml/sp/*', '/admin/v1/saml/*', '/op-saml/health'],
    kv: [],
    database: true,
    objects: ['KeyManager', 'GrantLedger', 'SessionStore', 'PendingRequests', 'Throttle'],
    leases: ['sign:saml', 'pairwise', 'verify', 'handle:session', 'handle:interaction', 'handle:browser'],
    rateLimits: [{ binding: 'SAML_RATE', limit: 300, period: 60 }],
    variables: ['ISSUER_URL', 'ENVIRONMENT', 'SESSION_EXPIRY', 'BRANDING'],
    secrets: [],
    // Partners' metadata, at a minute at which not everybody's clocks strike.
    schedules: ['23 * * * *'],
    gzipBudget: 90,
  },
  // Only where there is no zone whose routes could do this.
  'op-router': {
    stage: 5,
    paths: ['/op-router/health'],
    kv: [],
    database: false,
    objects: [],
    leases: [],
    rateLimits: [],
    // It uses none; by this one it is known as authrim's.
    variables: ['ISSUER_URL'],
    secrets: [],
    gzipBudget: 3,
  },
} as const satisfies Record<string, WorkerTopology>

export type WorkerName = keyof typeof workers

/** The Workers that serve endpoints. */
export const workerNames: readonly WorkerName[] = [
  'op-discovery',
  'op-userinfo',
  'op-auth',
  'op-token',
  'op-management',
  'op-async',
  'op-saml',
]

/** Passes requests on to the others on one origin, in an account without a zone: the last to be deployed. */
export const router = 'op-router'

/** Every Worker that is published. */
export const publishedWorkers: readonly WorkerName[] = [...workerNames, router]

/** The Workers of an environment. */
export function environmentWorkers(hasZone: boolean): readonly WorkerName[] {
  return hasZone ? workerNames : publishedWorkers
}

/** The name under which the router binds a Worker: `OP_AUTH`. */
export function serviceBinding(worker: WorkerName): string {
  return worker.toUpperCase().replaceAll('-', '_')
}

export function isWorkerName(value: string): value is WorkerName {
  return Object.hasOwn(workers, value)
}

/** The row of one Worker, with the types every consumer shares. */
export function workerTopology(name: WorkerName): WorkerTopology {
  return workers[name]
}
