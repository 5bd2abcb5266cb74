import type { Miniflare } from 'miniflare'
import * as v from 'valibot'
import { ApiError } from '../api/api-error.ts'

/** A module as it was uploaded. */
export interface UploadedModule {
  readonly name: string
  readonly type: 'esm' | 'cjs' | 'text' | 'data' | 'wasm' | 'json'
  readonly contents: Buffer
}

const script = `
const probe = (main) => \`
import * as m from './\${main}'
import { DurableObject } from 'cloudflare:workers'
const is = (value, base) => typeof value === 'function' && (value === base || value.prototype instanceof base)
const plain = m.default
const methods = (value) => typeof value === 'function' ? Object.getOwnPropertyNames(value.prototype ?? {}) : Object.keys(value ?? {})
export default { fetch: () => Response.json({
  handlers: plain === undefined ? [] : methods(plain).filter((name) => name !== 'constructor'),
  entrypoints: Object.keys(m).filter((name) => name !== 'default' && typeof m[name] === 'function'),
  objectClasses: Object.keys(m).filter((name) => is(m[name], DurableObject)),
}) }\`
const bytes = (base64) => Uint8Array.from(atob(base64), (c) => c.charCodeAt(0)).buffer
const text = (base64) => new TextDecoder().decode(bytes(base64))
export default {
  async fetch(request, env) {
    const { main, modules, date, flags, env: own } = await request.json()
    const loaded = { 'embedded-probe.js': { js: probe(main) } }
    for (const { name, type, contents } of modules) {
      if (type === 'esm') loaded[name] = { js: text(contents) }
      else if (type === 'cjs') loaded[name] = { cjs: text(contents) }
      else if (type === 'text') loaded[name] = { text: text(contents) }
      else if (type === 'json') loaded[name] = { json: JSON.parse(text(contents)) }
      else loaded[name] = type === 'wasm' ? { wasm: bytes(contents) } : { data: bytes(contents) }
    }
    try {
      const worker = env.LOADER.get(crypto.randomUUID(), () => ({
        compatibilityDate: date, compatibilityFlags: flags, mainModule: 'embedded-probe.js', modules: loaded,
        env: own, globalOutbound: null,
      }))
      return await worker.getEntrypoint().fetch('http://probe/')
    } catch (error) {
      return new Response(String(error?.message ?? error), { status: 422 })
    }
  }
}`

const factsSchema = v.object({
  handlers: v.array(v.string()),
  entrypoints: v.array(v.string()),
  objectClasses: v.array(v.string()),
})

/** What starting a Worker told about it. */
export type StartupFacts = v.InferOutput<typeof factsSchema> & { readonly startupTimeMs: number }

const STARTUP_LIMIT = 3000

/** Starts uploaded code in a workerd of its own, as Cloudflare does before it accepts a version. */
export class Validator {
  #miniflare: Promise<Miniflare> | undefined

  /** Starts the Worker; refuses with code 10021 what does not start. */
  async start(upload: {
    main: string
    modules: readonly UploadedModule[]
    date: string
    flags: readonly string[]
    env: Readonly<Record<string, unknown>>
  }): Promise<StartupFacts> {
    const miniflare = await (this.#miniflare ??= startMiniflare())
    const begin = performance.now()
    const modules = upload.modules.map(({ contents, ...rest }) => ({ ...rest, contents: contents.toString('base64') }))
    const answer = miniflare.dispatchFetch('http://validator/', {
      method: 'POST',
      body: JSON.stringify({ ...upload, modules }),
    })
    const response = await Promise.race([answer.catch(() => undefined), timeout(STARTUP_LIMIT)])
    if (!response) {
      // It loops; only the end of its process stops it.
      await this.dispose()
      throw new ApiError(400, 10021, 'Script startup exceeded CPU time limit.')
    }
    const text = await response.text()
    if (!response.ok) throw new ApiError(400, 10021, text.replace(/^Failed to start Worker:\s*/, ''))
    return { ...v.parse(factsSchema, JSON.parse(text)), startupTimeMs: Math.ceil(performance.now() - begin) }
  }

  async dispose(): Promise<void> {
    const miniflare = await this.#miniflare
    this.#miniflare = undefined
    await miniflare?.dispose()
  }
}

async function startMiniflare(): Promise<Miniflare> {
  const { Log, LogLevel, Miniflare } = await import('miniflare')
  const miniflare = new Miniflare({
    host: '127.0.0.1',
    port: 0,
    cf: false,
    enableDevRegistry: false,
    telemetry: { enabled: false },
    log: new Log(LogLevel.NONE),
    handleStructuredLogs: () => undefined,
    workers: [
      {
        config: {
          name: 'validator',
          compatibilityDate: '2026-11-01',
          manifest: {
            mainModule: 'index.js',
            modulesRoot: '/',
            modules: { 'index.js': { type: 'esm', contents: script } },
          },
          env: { LOADER: { type: 'worker-loader' } },
        },
      },
    ],
  })
  await miniflare.ready
  return miniflare
}

function timeout(milliseconds: number): Promise<undefined> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds, undefined).unref())
}
