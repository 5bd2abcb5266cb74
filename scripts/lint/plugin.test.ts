import { RuleTester } from 'oxlint/plugins-dev'
import { describe, it } from 'vitest'
import { boundaries, envInIndex, pureProtocol } from './plugin.ts'

RuleTester.describe = describe
RuleTester.it = it

const cwd = '/repository'
const tester = new RuleTester({ cwd, languageOptions: { parserOptions: { lang: 'ts' } } })

const at = (file: string, code: string) => ({ name: `${file}: ${code}`, filename: `${cwd}/${file}`, code })
const refused = (file: string, code: string, errors = 1) => ({ ...at(file, code), errors })

tester.run('boundaries', boundaries, {
  valid: [
    at('workers/op-token/index.ts', "import { a } from '../../shared/http/form.ts'"),
    at('workers/op-token/grant-types/a.ts', "import { b } from '../token.ts'"),
    at('workers/op-auth/pages/page.tsx', "import { jsx } from 'hono/jsx'"),
    at('shared/protocol/pkce.ts', "import { base64url } from 'jose'"),
    at('shared/protocol/pkce.test.ts', "import { test } from 'vitest'"),
    at('shared/stores/clients.ts', "import type { Client } from '../protocol/client.ts'"),
    at('shared/http/app.ts', "import { Hono } from 'hono'"),
    at('cli/commands/dev.ts', "import { workers } from '../../shared/topology.ts'"),
    at('cli/commands/dev.ts', "import { issuer } from '../../shared/config/issuer.ts'"),
    at('tests/flows/code.test.ts', "import { a } from '../../workers/op-auth/par.ts'"),
  ],
  invalid: [
    refused('workers/op-token/token.ts', "import { par } from '../op-auth/par.ts'"),
    refused('workers/op-token/token.ts', "import type { Par } from '../op-auth/par.ts'"),
    refused('workers/op-token/token.ts', "export { par } from '../op-auth/par.ts'"),
    refused('workers/op-token/token.ts', "export * from '../op-auth/par.ts'"),
    refused('workers/op-token/token.ts', "const par = await import('../op-auth/par.ts')"),
    refused('workers/op-token/token.ts', "type Par = import('../op-auth/par.ts').Par"),
    refused('workers/op-token/token.ts', "import { deploy } from '../../cli/commands/deploy.ts'"),
    refused('shared/protocol/pkce.ts', "import { Hono } from 'hono'"),
    refused('shared/protocol/pkce.ts', "import { a } from '../stores/clients.ts'"),
    refused('shared/protocol/pkce.ts', "import { createHash } from 'node:crypto'"),
    refused('shared/stores/clients.ts', "import { a } from '../http/form.ts'"),
    refused('shared/stores/clients.ts', "import { Hono } from 'hono/tiny'"),
    refused('shared/http/form.ts', "import { a } from '../../workers/op-token/token.ts'"),
    refused('shared/topology.ts', "import * as v from 'valibot'"),
    refused('cli/commands/dev.ts', "import { token } from '../../workers/op-token/token.ts'"),
    refused('cli/commands/dev.ts', "import { a } from '../../shared/protocol/scope.ts'"),
    refused('cli/embedded-cloudflare/api.ts', "import { workers } from '../../shared/topology.ts'"),
    refused('cli/embedded-cloudflare/api.ts', "import { CliError } from '../error.ts'"),
  ],
})

tester.run('env-in-index', envInIndex, {
  valid: [
    at('workers/op-token/index.ts', 'const { env } = c; use(c.env.DB)'),
    at('shared/stores/durable-objects/grant-ledger.ts', 'this.env.X'),
    at('cli/main.ts', 'process.env.CI'),
  ],
  invalid: [
    refused('workers/op-token/token.ts', 'use(c.env.DB)'),
    refused('shared/http/app.ts', 'use(c.env)'),
    refused('workers/op-token/token.ts', "import { env } from 'cloudflare:workers'"),
  ],
})

tester.run('pure-protocol', pureProtocol, {
  valid: [
    at('shared/protocol/id-token.ts', 'const at = new Date(now * 1000)'),
    at('shared/http/app.ts', 'Date.now(); fetch(url)'),
  ],
  invalid: [
    refused('shared/protocol/id-token.ts', 'Date.now()'),
    refused('shared/protocol/id-token.ts', 'new Date()'),
    refused('shared/protocol/id-token.ts', 'await fetch(url)'),
    refused('shared/protocol/id-token.ts', 'console.log(1)'),
  ],
})
