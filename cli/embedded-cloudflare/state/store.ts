import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import * as v from 'valibot'
import { type Account, accountSchema } from './account.ts'
import { forgetOldVersions } from './script.ts'
import { readFileIfThere, writePrivateFile } from './atomic-file.ts'
import { type Zone, zoneSchema } from './zone.ts'

const stateSchema = v.object({ version: v.literal(1), accounts: v.array(accountSchema), zones: v.array(zoneSchema) })

/** Everything the accounts hold, in one JSON file, with the modules of Workers beside it. */
export class Store {
  readonly #folder: string
  readonly #file: string
  readonly #state: v.InferOutput<typeof stateSchema>
  /** Counts the changes. */
  revision = 0

  constructor(folder: string) {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    this.#folder = folder
    this.#file = join(folder, 'state.json')
    const text = readFileIfThere(this.#file)
    this.#state = text === undefined ? { version: 1, accounts: [], zones: [] } : parseState(text, this.#file)
  }

  get accounts(): Account[] {
    return this.#state.accounts
  }

  get zones(): Zone[] {
    return this.#state.zones
  }

  /** Writes what was changed; a kill before it leaves the former state. */
  save(): void {
    this.revision += 1
    writePrivateFile(this.#file, JSON.stringify(this.#state, undefined, 1))
  }

  /** Keeps the contents of a module and returns the name to read them by. */
  keepModule(contents: Uint8Array): string {
    const sha256 = createHash('sha256').update(contents).digest('hex')
    const file = this.#moduleFile(sha256)
    if (!existsSync(file)) writePrivateFile(file, contents)
    return sha256
  }

  readModule(sha256: string): Buffer {
    return readFileSync(this.#moduleFile(sha256))
  }

  /**
   * Forgets versions that could not be deployed at Cloudflare any more, and removes what nothing refers to: modules, and the
   * data of Durable Objects whose class is gone.
   */
  sweep(): void {
    const scripts = this.accounts.flatMap((account) => account.scripts)
    for (const script of scripts) forgetOldVersions(script)
    const modules = scripts.flatMap(({ versions }) => versions.flatMap((version) => version.modules))
    const namespaces = scripts.flatMap(({ classes }) => Object.values(classes))
    removeOthers(join(this.#folder, 'modules'), new Set(modules.map(({ sha256 }) => sha256)))
    removeOthers(join(this.#folder, 'data', 'do'), new Set(namespaces.map(({ id }) => id)))
  }

  #moduleFile(sha256: string): string {
    return join(this.#folder, 'modules', sha256)
  }
}

function removeOthers(folder: string, kept: ReadonlySet<string>): void {
  if (!existsSync(folder)) return
  for (const name of readdirSync(folder)) {
    if (!kept.has(name)) rmSync(join(folder, name), { recursive: true, force: true })
  }
}

function parseState(text: string, file: string): v.InferOutput<typeof stateSchema> {
  try {
    return v.parse(stateSchema, JSON.parse(text))
  } catch (error) {
    throw new Error(`${file} is not the state of an embedded Cloudflare of this release; move it away to start empty`, {
      cause: error,
    })
  }
}
