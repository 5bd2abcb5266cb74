import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { authrimPackage } from '../../cli/bundle/package-root.ts'
import { workerNames } from '../../shared/topology.ts'
import { canMount, onSmallDisk } from './full-disk.ts'
import { openWorkshop, type Workshop } from './workshop.ts'

let shop: Workshop
/** What every run has said, to look for the secret in. */
let said = ''
beforeAll(async () => {
  shop = await openWorkshop({ zones: [{ name: 'localhost' }, { name: 'example.com' }] })
  const result = await run(['init', '--name', 'idp', '--zone', 'example.com', '--yes'])
  if (result.status !== 0) throw new Error(result.err)
}, 120_000)
afterAll(() => shop?.[Symbol.asyncDispose]())
afterEach(() => shop.cloudflare.faults.clear())

async function run(
  args: readonly string[],
  { env = {}, watch }: { env?: NodeJS.ProcessEnv; watch?: (child: ChildProcess) => void } = {},
) {
  const result = await shop.authrim(args, {
    env: { AUTHRIM_CLOUDFLARE_API: shop.cloudflare.apiBase, ...env },
    ...(watch && { watch }),
  })
  said += result.out + result.err
  return result
}
const deploy = (args: readonly string[] = [], options = {}) => run(['deploy', '--yes', '--json', ...args], options)
const errorOf = ({ out }: { out: string }) => JSON.parse(out).error

/** Does something once the journal says that a step runs. */
function atStep(index: number, act: (child: ChildProcess) => void, after = 0) {
  return (child: ChildProcess) => {
    const journal = join(shop.project, '.authrim/production/journal.json')
    const timer = setInterval(() => {
      if (child.exitCode !== null) return clearInterval(timer)
      if (!existsSync(journal)) return
      const { pid, steps } = JSON.parse(readFileSync(journal, 'utf8'))
      if (pid !== child.pid || steps[index]?.status !== 'running') return
      clearInterval(timer)
      setTimeout(() => act(child), after)
    }, 5)
  }
}

/** Waits for a wrangler whose authrim was killed: it goes on by itself. */
async function orphansEnded() {
  const running = async () => {
    const ps = spawn('ps', ['-eo', 'args'])
    let list = ''
    for await (const chunk of ps.stdout) list += String(chunk)
    return list.includes(join(shop.project, '.authrim/production/deploy'))
  }
  while (await running()) await new Promise((resolve) => setTimeout(resolve, 200))
}

async function api(path: string, body?: object) {
  const { apiBase, token, accounts } = shop.cloudflare
  const response = await fetch(`${apiBase}/accounts/${accounts[0]?.id}/${path}`, {
    method: body ? 'POST' : 'GET',
    headers: { authorization: `Bearer ${token}` },
    ...(body && { body: JSON.stringify(body) }),
  })
  const answer: { result: never } = await response.json()
  return answer
}

/** Rows of the environment's database. */
const queried = async (sql: string) => (await shop.database('production').prepare(sql).all()).results

describe('a deploy that is cut off is finished by the next', () => {
  test(
    'fault F1 fault F11 fault F14 kill -9 within the migrations, each time further',
    { timeout: 240_000 },
    async () => {
      for (const delay of [0, 300, 900, 100]) {
        // The steps that are done fall away, so the first is always the one to kill in.
        const killed = await deploy([], { watch: atStep(0, (child) => child.kill('SIGKILL'), delay) })
        if (killed.status === 0) break
        expect(killed.status).toBe(null)
        await orphansEnded()
      }
      const stopped = await run(['deploy', '--yes', '--only', 'op-discovery,op-userinfo'])
      expect([stopped.status, stopped.err]).toEqual([0, expect.any(String)])
      expect(stopped.err + stopped.out).toMatch(/was cut off at|Nothing to do/)
      // Each migration is there once, and whole: it and its entry are one transaction.
      expect(await queried('SELECT name FROM d1_migrations ORDER BY name')).toEqual(
        readdirSync(join(authrimPackage().root, 'templates/migrations'))
          .toSorted()
          .map((name) => ({ name })),
      )
      const created = (await queried("SELECT sql FROM sqlite_schema WHERE type = 'table'")).map(({ sql }) =>
        String(sql),
      )
      for (const table of ['users', 'clients', 'consents'])
        expect(created.filter((sql) => new RegExp(`^CREATE TABLE "?${table}"? `).test(sql))).toHaveLength(1)
    },
  )

  test(
    'fault F8 the token is revoked half-way: what was done is said, and what was not',
    { timeout: 120_000 },
    async () => {
      shop.cloudflare.faults.add({
        path: /scripts\/authrim-op-auth$/,
        method: 'PUT',
        fault: { type: 'status', status: 401, code: 1000 },
      })
      const failed = await deploy(['--only', 'op-auth,op-userinfo'])
      expect([failed.status, errorOf(failed).message]).toEqual([
        expect.any(Number),
        expect.stringContaining('Not done: stage op-auth'),
      ])
      expect([1, 4, 6]).toContain(failed.status)
      expect(errorOf(failed).hint).toContain('authrim deploy')
    },
  )

  test(
    'fault F18 Ctrl-C stops after the step: status 130, and the rest is left for the next',
    { timeout: 120_000 },
    async () => {
      const stopped = await deploy([], {
        watch: atStep(0, (child) => {
          child.kill('SIGINT')
          child.kill('SIGINT')
        }),
      })
      expect([stopped.status, errorOf(stopped).code]).toEqual([130, 'cancelled'])
      const journal = JSON.parse(readFileSync(join(shop.project, '.authrim/production/journal.json'), 'utf8'))
      expect(journal.endedAt).toBeTruthy()
      const done = await deploy()
      expect([done.status, done.out]).toEqual([0, expect.any(String)])
      expect(JSON.parse((await deploy(['--dry-run'])).out).deployment.changed).toBe(false)
    },
  )

  test('nothing was made twice, and every Worker serves one version', { timeout: 60_000 }, async () => {
    const databases: { name: string }[] = (await api('d1/database')).result
    expect(databases.map(({ name }) => name)).toEqual(['authrim-production'])
    const scripts: { id: string }[] = (await api('workers/scripts')).result
    expect(scripts).toHaveLength(workerNames.length)
  })
})

describe('when Cloudflare fails', () => {
  const lists = /\/storage\/kv\/namespaces$/

  test.each([
    ['fault F3', '429 with Retry-After is obeyed', { type: 'status', status: 429, code: 971, retryAfter: 1 }, 2],
    ['fault F4', '500 is tried again', { type: 'status', status: 500, code: 10013 }, 3],
    ['fault F6', 'an HTML page is no answer', { type: 'html' }, 2],
    ['fault F6', 'an answer that is cut off is no answer', { type: 'close-mid-body' }, 2],
    ['fault F2', 'a closed connection is tried again', { type: 'close' }, 2],
  ] as const)('%s %s', { timeout: 60_000 }, async (_, _says, fault, times) => {
    shop.cloudflare.faults.add({ path: lists, times, fault })
    const result = await deploy(['--dry-run'])
    expect([result.status, result.out]).toEqual([0, expect.stringContaining('"changed": false')])
  })

  test.each([
    ['fault F4', '500 for good', { type: 'status', status: 502, code: 10013 }, 'cloudflare'],
    ['fault F6', 'HTML for good', { type: 'html' }, 'unreachable'],
    ['fault F5', 'no answer', { type: 'hang' }, 'unreachable'],
  ] as const)('%s %s ends with status 1 and a clear line', { timeout: 60_000 }, async (_, _says, fault, code) => {
    shop.cloudflare.faults.add({ path: lists, fault })
    const result = await deploy(['--dry-run'], { env: { AUTHRIM_CLOUDFLARE_TIMEOUT: '0.3' } })
    expect([result.status, errorOf(result)]).toEqual([
      1,
      expect.objectContaining({ code, message: expect.stringContaining('Listing the KV namespaces') }),
    ])
    expect(result.out + result.err).not.toMatch(/ at .*\.ts:\d+/)
  })

  test('fault F9 a Worker that is refused leaves the others serving', { timeout: 120_000 }, async () => {
    shop.package.change('op-auth', (code) => `${code}\n;globalThis.next = 1`)
    shop.package.change('op-token', (code) => `${code}\n;globalThis.next = 1`)
    shop.cloudflare.faults.add({
      path: /authrim-op-token\/versions$/,
      method: 'POST',
      fault: { type: 'status', status: 400, code: 10021 },
    })
    const failed = await deploy()
    expect([failed.status, errorOf(failed).message]).toEqual([
      1,
      expect.stringMatching(/Uploading op-token failed[^]*10021/),
    ])
    shop.cloudflare.faults.clear()
    const versions = JSON.parse((await run(['versions', 'op-auth', '--json'])).out).versions
    expect(versions[0].share).toBe(null)
    const done = await deploy()
    expect(done.status).toBe(0)
    // The version of op-auth was there already.
    expect(JSON.parse((await run(['versions', 'op-auth', '--json'])).out).versions).toHaveLength(versions.length)
  })

  test(
    'fault F7 an upload that the token may not make names the permission: status 6',
    { timeout: 60_000 },
    async () => {
      shop.package.change('op-userinfo', (code) => `${code}\n;globalThis.next = 1`)
      shop.cloudflare.faults.add({
        path: /authrim-op-userinfo\/versions$/,
        method: 'POST',
        fault: { type: 'status', status: 403, code: 10000 },
      })
      const refused = await deploy()
      shop.cloudflare.faults.clear()
      expect([refused.status, errorOf(refused)]).toEqual([
        6,
        expect.objectContaining({
          code: 'not_authorised',
          hint: expect.stringContaining('lacks the permission Account · Workers Scripts · Edit'),
        }),
      ])
      expect((await deploy()).status).toBe(0)
    },
  )
})

describe('two operators', () => {
  const database = () => JSON.parse(shop.file('environments/production/resources.json')).database.id
  const holdLock = (pid: string) =>
    api(`d1/database/${database()}/query`, {
      sql: "INSERT INTO authrim_lock VALUES (1, 'other', 'grace', ?, ?, 'deploy', '2026-11-25T08:00:00Z', strftime('%Y-%m-%dT%H:%M:%SZ', 'now'))",
      params: [hostname(), pid],
    })

  test(
    'fault F14 fault F15 the second is told who holds the lock, since when, and how to break it',
    { timeout: 90_000 },
    async () => {
      shop.package.change('op-userinfo', (code) => `${code}\n;globalThis.next = 2`)
      await holdLock(String(process.pid))
      const refused = await deploy()
      expect([refused.status, errorOf(refused)]).toEqual([
        1,
        expect.objectContaining({
          code: 'locked',
          message: expect.stringMatching(/grace on .* runs authrim deploy here since 2026-11-25T08:00:00Z/),
          hint: expect.stringContaining('--break-lock'),
        }),
      ])
      expect((await deploy(['--break-lock'])).status).toBe(0)
    },
  )

  test(
    'fault F15 attack K7 of two at once, one is refused or finds the account changed',
    { timeout: 90_000 },
    async () => {
      shop.package.change('op-userinfo', (code) => `${code}\n;globalThis.next = 4`)
      const results = await Promise.all([deploy(), deploy()])
      const refused = results.find(({ status }) => status !== 0)
      expect(results.some(({ status }) => status === 0)).toBe(true)
      expect([refused?.status, refused && errorOf(refused).code]).toEqual([
        1,
        expect.stringMatching(/^(locked|changed_meanwhile)$/),
      ])
    },
  )

  test('fault F14 the lock of a process that died is taken', { timeout: 90_000 }, async () => {
    shop.package.change('op-userinfo', (code) => `${code}\n;globalThis.next = 3`)
    await holdLock('999999')
    expect((await deploy()).status).toBe(0)
  })
})

describe('files and secrets', () => {
  test('fault F17 a folder that cannot be written is said, and nothing is deployed', { timeout: 60_000 }, async () => {
    const path = join(shop.project, 'environments/production/op-token')
    rmSync(path, { recursive: true })
    writeFileSync(path, 'in the way')
    shop.cloudflare.log.clear()
    const result = await deploy()
    rmSync(path)
    expect([result.status, errorOf(result).message]).toEqual([1, expect.stringMatching(/op-token.*wrangler\.toml/)])
    expect((await deploy()).status).toBe(0)
  })

  /** What authrim printed and ended with, each time that the script ran it. */
  async function onFullDisk(script: string, kibibytes = 2048): Promise<{ status: number; text: string }[]> {
    const disk = join(shop.home, 'disk')
    mkdirSync(disk, { recursive: true })
    const run = `run() { "$NODE" "$BIN" "$@" --json --yes 2>&1; printf '\\nended %s\\n' $?; }`
    const env = {
      PATH: process.env['PATH'],
      HOME: shop.home,
      PROJECT: shop.project,
      NODE: process.execPath,
      BIN: join(shop.package.root, 'bin/authrim.js'),
      AUTHRIM_CLOUDFLARE_API: shop.cloudflare.apiBase,
    }
    const out = await onSmallDisk(disk, kibibytes, `${run}\n${script}`, env)
    said += out
    return [...out.matchAll(/([^]*?)\nended (\d+)\n/g)].map(([, text = '', status]) => ({
      status: Number(status),
      text,
    }))
  }

  test.skipIf(!canMount)(
    'fault F17 attack K3 a disk that is full: every file is as it was, and with room the deploy is finished',
    { timeout: 120_000 },
    async () => {
      const runs = await onFullDisk(`
        cp -a "$PROJECT/." "$DISK/" && cd "$DISK" && rm -rf .authrim/production/deploy
        rm environments/production/op-token/wrangler.toml
        all() { find . -type f ! -name filler ! -path './.authrim/*/journal.json' -exec sha256sum {} + | sort; }
        before=$(all)
        fill
        run deploy
        [ "$before" = "$(all)" ] && echo unchanged
        drain
        run deploy
        run deploy --dry-run`)
      expect(runs.map(({ status }) => status)).toEqual([1, 0, 0])
      expect(JSON.parse(runs[0]?.text ?? '').error).toMatchObject({
        code: 'not_writable',
        message: expect.stringContaining('the disk is full'),
        hint: expect.stringContaining('Make room'),
      })
      expect(runs[1]?.text).toMatch(/^unchanged/)
      expect(JSON.parse(runs[2]?.text ?? '').deployment.changed).toBe(false)
    },
  )

  test.skipIf(!canMount)(
    'fault F17 a disk that fills up on the way: what was done is said, and goes on from there',
    { timeout: 120_000 },
    async () => {
      shop.package.change('op-userinfo', (code) => `${code}\n;globalThis.next = 17`)
      // Room for the journal, and not for the bundle that wrangler is given.
      const runs = await onFullDisk(`
        cp -a "$PROJECT/." "$DISK/" && cd "$DISK" && rm -rf .authrim/production/deploy
        fill && truncate -s -16k "$DISK/filler"
        run deploy
        drain
        run deploy
        ls "$DISK/.authrim/production"`)
      expect(runs.map(({ status }) => status)).toEqual([1, 0])
      expect(JSON.parse(runs[0]?.text ?? '').error).toMatchObject({
        code: 'not_writable',
        message: expect.stringMatching(
          /op-userinfo\.js cannot be written: the disk is full[^]*Not done: stage op-userinfo/,
        ),
      })
    },
  )

  test.skipIf(!canMount)(
    'fault F17 no room for temporary files, where the secret and wrangler’s files go',
    { timeout: 120_000 },
    async () => {
      shop.package.change('op-userinfo', (code) => `${code}\n;globalThis.next = 18`)
      const runs = await onFullDisk(`
        cd "$PROJECT" && fill && export TMPDIR="$DISK"
        run deploy
        export TMPDIR=
        run deploy`)
      expect(runs.map(({ status }) => status)).toEqual([1, 0])
      expect(JSON.parse(runs[0]?.text ?? '').error.message).not.toContain(' at ')
    },
  )

  test(
    'a wrangler of another version is refused before anything is uploaded: status 2',
    { timeout: 60_000 },
    async () => {
      const file = join(shop.package.root, 'package.json')
      const manifest = readFileSync(file, 'utf8')
      writeFileSync(file, manifest.replace(/"wrangler": "[^"]+"/, '"wrangler": "4.0.0"'))
      shop.package.change('op-userinfo', (code) => `${code}\n;globalThis.next = 5`)
      const result = await deploy()
      writeFileSync(file, manifest)
      expect([result.status, errorOf(result)]).toEqual([
        2,
        expect.objectContaining({
          message: expect.stringMatching(/authrim needs 4\.0\.0/),
          hint: expect.stringContaining('npm ci'),
        }),
      ])
      expect((await deploy()).status).toBe(0)
    },
  )

  test('attack Y3 an altered bundle is not deployed', { timeout: 60_000 }, async () => {
    const file = join(shop.package.root, 'dist/workers/op-token.js')
    const code = readFileSync(file, 'utf8')
    writeFileSync(file, `${code}//`)
    const result = await deploy()
    writeFileSync(file, code)
    expect([result.status, errorOf(result).message]).toEqual([1, expect.stringContaining('op-token was altered')])
  })

  test('attack K3 the secret is in no output, no file and no temporary file', { timeout: 60_000 }, async () => {
    const bindings = await shop.cloudflare.env('authrim-op-discovery')
    const secret = String(bindings['AUTHRIM_SECRET'])
    expect(secret).toMatch(/^[\w-]{43}$/)
    expect(said).not.toContain(secret)
    expect(said).not.toContain(shop.cloudflare.token)
    const files = [
      ...filesBelow(shop.project),
      ...readdirSync(tmpdir())
        .filter((name) => /^authrim-(secrets|wrangler)-/.test(name))
        .flatMap((name) => filesBelow(join(tmpdir(), name))),
    ]
    for (const file of files) expect(readFileSync(file, 'utf8').includes(secret), file).toBe(false)
  })
})

function filesBelow(folder: string): string[] {
  if (!existsSync(folder)) return []
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((path) => existsSync(path) && statSync(path).isFile())
}
