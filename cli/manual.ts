/** What a command's help says beyond its options. */
export interface Manual {
  /** Paragraphs: what it does, in order, and what it leaves alone. */
  readonly text: readonly string[]
  /** Statuses that mean something particular here; those of every command are in `exitStatuses`. */
  readonly exit?: Readonly<Record<number, string>>
  readonly files?: Readonly<Record<string, string>>
  readonly variables?: Readonly<Record<string, string>>
  readonly seeAlso?: readonly string[]
}

/** What the process ends with, whatever the command. */
export const exitStatuses: Readonly<Record<number, string>> = {
  0: 'done, or nothing to do',
  1: 'failed, and nothing was changed',
  2: 'wrong usage or configuration',
  3: 'deploy --dry-run --exit-code found something to do',
  4: 'failed part-way; the message says what was done and how to go on',
  5: 'refused by a health check, and the traffic given back',
  6: 'not authorised',
  130: 'cancelled',
}

const cloudflareToken = {
  CLOUDFLARE_API_TOKEN: 'the token to use; else that of wrangler login, or the local Cloudflare’s own',
  AUTHRIM_CLOUDFLARE_API: 'address of the API with /client/v4, for a local Cloudflare elsewhere',
}

const operatorKey = {
  AUTHRIM_OPERATOR_KEY: 'the operator’s private key as a JWK, where there is no .authrim/<env>/operator.jwk',
}

export const manuals: Readonly<Record<string, Manual>> = {
  init: {
    text: [
      'Checks what the token may do, asks for account, domain and host name, then makes three KV namespaces with their previews, a D1 database and the operator’s key, and writes authrim.json, environments/<env>/resources.json and a wrangler.toml for each Worker. Nothing answers requests until authrim deploy.',
      'What exists already is found by its name and taken over, so a run that was cut off is finished by the next one. With --env it adds an environment to a project; with --local the environment is on this machine and needs no account.',
      'Every question has an option; without a terminal a missing answer ends with status 2 and names it.',
      'Without a domain in the account the issuer is an address of workers.dev, behind which one more Worker, op-router, passes requests on; where there is a domain, --issuer with that address does the same.',
    ],
    exit: {
      4: 'something was made before it failed: run it again',
      6: 'the token lacks a permission; the message names it',
    },
    files: {
      'authrim.json': 'the operator’s choices; commit it',
      'environments/<env>/resources.json': 'ids of account, domain, namespaces and database; no secrets; commit it',
      'environments/<env>/op-*/wrangler.toml':
        'written from templates; plain wrangler deploy works with them; commit them',
      '.authrim/<env>/operator.jwk':
        'the operator’s private key, mode 0600; never commit it, keep a copy in a safe place',
    },
    variables: cloudflareToken,
    seeAlso: ['authrim deploy', 'authrim config', 'authrim local'],
  },
  deploy: {
    text: [
      'Compares the account with the files and this release, shows what it would change, asks, and then applies it: database migrations first, then the Workers in stages. Both Workers of a stage go up at once. A Worker whose code, bindings, variables and routes are as they should be is left alone.',
      'A new version is uploaded without traffic, checked at its own address, and only then given the traffic: all at once, or in the shares of --gradual with checks at each. When a check fails the former version serves again, nothing later is deployed, and the status is 5. The first deploy of a Worker, and one that changes its Durable Object classes, cannot wait at 0 %.',
      'A lock in the account keeps two operators apart. A run that was killed is finished by the next one.',
      'A check is more than an answer: with the versions that have no traffic yet it also signs a throw-away person in to a throw-away client, through sign-in page, consent, code, tokens and userinfo. Both are gone afterwards. It needs the operator’s key; without it that part is left out, and said.',
      'With --gradual each share lasts for --interval, and then the versions are compared by how many of their requests Cloudflare ended with an error (exception, CPU, memory). From 50 requests and 3 errors on, a new version that fails more than one request in a hundred more than the former one is refused. Analytics are minutes late, so a long interval (5m) makes this worth something.',
    ],
    exit: {
      3: 'with --dry-run --exit-code: there is something to do',
      4: 'some steps were done and one failed; the message lists them',
      5: 'a check failed and the former version serves again',
      6: 'the token lacks a permission; the message names it',
    },
    files: { '.authrim/<env>/journal.json': 'the run in progress; what the next one reads after a kill' },
    variables: cloudflareToken,
    seeAlso: ['authrim rollback', 'authrim versions', 'authrim status', 'authrim doctor'],
  },
  rollback: {
    text: [
      'Gives a Worker’s traffic back to the version that served before, or to the one that --to names. Nothing is uploaded, so it takes a few seconds. Sessions, tokens and data stay; the other Workers may be a release ahead.',
      'Before anything changes it refuses a version that lacks a Durable Object class, a secret or a database column that is in use by now. With --all the Worker that holds the objects goes last.',
    ],
    variables: cloudflareToken,
    seeAlso: ['authrim versions', 'authrim deploy'],
  },
  versions: {
    text: ['Lists what was uploaded, newest first: time, message, authrim release and share of the traffic.'],
    variables: cloudflareToken,
    seeAlso: ['authrim rollback'],
  },
  status: {
    text: [
      'For each Worker: version and share, whether it answers, requests, error rate, CPU and wall time (p50 and p99) and out-of-memory kills over --since, and when it was deployed. Below that the keys with their next rotation, and whatever differs between files and account.',
    ],
    variables: { ...cloudflareToken, ...operatorKey },
    seeAlso: ['authrim doctor', 'authrim logs'],
  },
  logs: {
    text: [
      'Follows the requests of one Worker or several, merged, one line each: time, Worker, status, method, path, request id and what the Worker logged. Connections that end are opened again. With --json each line is one document.',
      'Log lines hold no secrets and no personal data. The request id is also on every page and in the header x-request-id: --search finds it.',
    ],
    variables: cloudflareToken,
    seeAlso: ['authrim status'],
  },
  doctor: {
    text: [
      'Checks everything between the token and a finished sign-in: permissions, DNS, TLS, routes, bindings, migrations, clocks, discovery and keys from outside, and a whole login of a throw-away person at a throw-away client. Each check passes or says how to put it right. --fix does what can be done without harm.',
    ],
    exit: { 1: 'a check failed' },
    variables: { ...cloudflareToken, ...operatorKey },
    seeAlso: ['authrim status', 'authrim deploy'],
  },
  backup: {
    text: [
      'Writes clients, people, their password hashes and consents to one file, sealed with a passphrase. Sessions, codes, tokens and the audit log are not in it. With --with-keys it holds the private signing keys too.',
    ],
    variables: operatorKey,
    seeAlso: ['authrim restore'],
  },
  restore: {
    text: [
      'Puts back what a backup holds, where it is missing or differs. It starts a new epoch: every code, refresh token and session of before is void, so nothing that was spent or ended comes back. For half a minute after it a sign-in may have to be repeated.',
      'Open the backup with --dry-run first: it says what is in it and changes nothing.',
    ],
    exit: { 4: 'part of it was put back: run it again' },
    variables: operatorKey,
    seeAlso: ['authrim backup'],
  },
  destroy: {
    text: [
      'Removes what authrim made for an environment: Workers, routes, DNS record, namespaces, database. Only what resources.json and the account agree on goes; anything else in the account stays, and is listed. The environment’s name has to be typed, or given with --confirm: --yes alone is not enough.',
    ],
    exit: { 4: 'some of it is gone and something failed: run it again' },
    variables: cloudflareToken,
    seeAlso: ['authrim backup'],
  },
  open: { text: ['Opens a page of the environment in the browser, or prints its address where there is none.'] },
  config: {
    text: [
      'Shows and changes authrim.json, the operator’s choices. A path is written with dots: environments.production.codeTtl. What would not be accepted is refused before it is written, with the path, the value and the accepted form. Changes take effect with the next authrim deploy.',
    ],
    files: { 'authrim.json': 'the file; its "$schema" gives editors completion' },
    seeAlso: ['authrim deploy'],
  },
  local: {
    text: [
      'Runs the part of Cloudflare that authrim uses, on this machine: an edge where Workers answer and the API that authrim, wrangler and the SDK talk to. Every command for an account can be rehearsed against it. It runs until Ctrl-C and keeps its data.',
      'Its address and token are recorded for this user, where local environments find them from any folder.',
    ],
    files: { '.authrim/cloudflare': 'accounts, code and data; another folder with --data' },
    seeAlso: ['authrim init --local', 'authrim dev'],
  },
  dev: {
    text: [
      'Runs everything on this machine: the Workers on one origin, a demo person and a demo application to sign in to. Prints the addresses and the person’s password. Data survives a restart. In a clone of the repository, changed sources are served within a second.',
      'It is the Cloudflare of authrim local with an environment deployed to it, so from another terminal deploy, status, logs, versions, rollback and doctor work in this folder as they do with an account.',
    ],
    files: {
      '.authrim/cloudflare': 'accounts, code and data; authrim local serves the same',
      '.authrim/local': 'the operator’s key of this environment',
      '.authrim/dev': 'a project, where the folder has no authrim.json',
    },
    seeAlso: ['authrim local', 'authrim open demo'],
  },
  build: {
    text: [
      'Shows the Workers’ bundles with raw and gzip sizes against their budgets. In a clone of the repository they are built from source; an installed package shows the ones it carries.',
    ],
    exit: { 1: 'a bundle is over its budget' },
  },
  keys: {
    text: [
      'A key is next (published, so that clients can learn it), current (signs), retiring (published while tokens that it signed live) and then gone. Rotation is automatic; rotate makes it happen earlier, and still waits until every client can know the next key. revoke is for a key that leaked: its tokens are refused from then on.',
    ],
    variables: operatorKey,
  },
  clients: {
    text: [
      'Registers and manages relying parties, with the metadata of RFC 7591. A secret is shown once, when it is made, and stored as a hash. rotate-secret --overlap keeps the old one valid for a while, so that an application can be moved over without an outage.',
    ],
    variables: operatorKey,
    seeAlso: ['authrim grants'],
  },
  users: {
    text: [
      'Creates and manages people. A person is named by sub, user name or e-mail address. Disabling, deleting and signing out count at once, for sessions and tokens alike.',
    ],
    variables: operatorKey,
    seeAlso: ['authrim grants', 'authrim audit'],
  },
  grants: {
    text: ['A grant is what a person allowed a client, with the tokens that came of it. Revoking it counts at once.'],
    variables: operatorKey,
    seeAlso: ['authrim users sign-out'],
  },
  saml: {
    text: [
      'A partner is known by its metadata: its entity id, its addresses and the certificates of its keys. From a file it stays as it is; from an address it is fetched again every day, so that a partner’s new certificate counts beside the old one before it is used. A refresh that fails changes nothing, and list, status and doctor say so.',
      'authrim saml metadata prints what a partner loads about us. Our key is rotated with authrim keys rotate --use saml, which puts the new certificate beside the old one.',
      'People of an identity provider get an account here at their first sign-in, unless --no-create-users. An account that exists is only theirs by --link-by verified-email, and only with an address of a --domain that you gave to that provider.',
    ],
    variables: operatorKey,
    seeAlso: ['authrim keys', 'authrim audit', 'authrim doctor'],
  },
  operators: {
    text: [
      'An operator is an Ed25519 key that may call the admin API. Keys never leave their machines: add takes the public part. Removal counts at once. Where no key is left, recover starts over with a Cloudflare token for the account.',
    ],
    files: { '.authrim/<env>/operator.jwk': 'this machine’s key, mode 0600' },
    variables: operatorKey,
    seeAlso: ['authrim audit'],
  },
  audit: {
    text: [
      'Lists who did what and when, newest first: every call of the admin API, and security events such as failed sign-ins that were throttled. Nothing is removed from it by authrim.',
    ],
    variables: operatorKey,
  },
  completion: {
    text: [
      'Prints a script that completes commands, verbs and options in the shell. Put its line into the shell’s start file.',
    ],
  },
}
