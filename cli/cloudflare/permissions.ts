/** Where tokens and their permissions are edited. */
export const tokenPage = 'https://dash.cloudflare.com/profile/api-tokens'

/** A permission as Cloudflare's dashboard names it, and what authrim uses it for. */
export interface Permission {
  readonly name: string
  /** The permission group's name in the API. */
  readonly group: string
  readonly why: string
  /** Paths below the API's base that need it. */
  readonly paths: RegExp
}

/** What a token needs, for init and deploy. The first that fits a path counts. */
export const permissions: readonly Permission[] = [
  {
    name: 'Account · Workers KV Storage · Edit',
    group: 'Workers KV Storage Write',
    why: 'the three KV namespaces',
    paths: /^\/accounts\/[^/]+\/storage\/kv\//,
  },
  { name: 'Account · D1 · Edit', group: 'D1 Write', why: 'the database', paths: /^\/accounts\/[^/]+\/d1\// },
  {
    name: 'Account · Workers Tail · Read',
    group: 'Workers Tail Read',
    why: 'authrim logs',
    paths: /^\/accounts\/[^/]+\/workers\/scripts\/[^/]+\/tails/,
  },
  {
    name: 'Account · Workers Scripts · Edit',
    group: 'Workers Scripts Write',
    why: 'the Workers and their secrets',
    paths: /^\/accounts\/[^/]+\/(workers|durable_objects)\//,
  },
  {
    name: 'Zone · Workers Routes · Edit',
    group: 'Workers Routes Write',
    why: 'the routes from paths to Workers',
    paths: /^\/zones\/[^/]+\/workers\/routes/,
  },
  { name: 'Zone · DNS · Edit', group: 'DNS Write', why: 'the host’s record', paths: /^\/zones\/[^/]+\/dns_records/ },
  {
    name: 'Account · Account Analytics · Read',
    group: 'Account Analytics Read',
    why: 'authrim status',
    paths: /^\/graphql/,
  },
  { name: 'Zone · Zone · Read', group: 'Zone Read', why: 'finding the zone', paths: /^\/zones/ },
  {
    name: 'Account · Account Settings · Read',
    group: 'Account Settings Read',
    why: 'finding the account',
    paths: /^\/accounts(\?|$|\/[^/]+$)/,
  },
]

/** The permission that a request needs, as the dashboard names it. */
export function permissionFor(path: string): string | undefined {
  return permissions.find(({ paths }) => paths.test(path))?.name
}
