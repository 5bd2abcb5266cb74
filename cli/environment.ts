import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { type Environment, environmentOf, isLocal, parseProject, parseProjectText } from '../shared/config.ts'
import { usageError } from './error.ts'
import { readIfThere } from './secret-file.ts'

/** Where the resources of an environment are kept, below the project. */
export function resourcesFile(environmentName: string): string {
  return `environments/${environmentName}/resources.json`
}

export interface LocatedEnvironment {
  readonly environment: Environment
  /** The issuer in authrim.json; that of a running local environment may be at another port. */
  readonly configuredIssuer: string
  readonly local: boolean
  /** The folder of authrim.json: this one, or that which `authrim dev` keeps. */
  readonly root: string
  /** What this machine keeps of it and no repository holds: the operator's key, a local environment's data. */
  readonly folder: string
}

/** Where `authrim dev` keeps a project in a folder that is none. */
export function devProjectFolder(cwd: string): string {
  return join(cwd, '.authrim', 'dev')
}

/** The environment that is meant in this folder: of authrim.json, or the local one where there is none. */
export function locateEnvironment(cwd: string, name: string | undefined): LocatedEnvironment {
  const own = readIfThere(join(cwd, 'authrim.json'))
  const root = own === undefined ? devProjectFolder(cwd) : cwd
  const text = own ?? readIfThere(join(root, 'authrim.json'))
  const environment =
    text === undefined ? environmentWithoutProject(cwd, name) : environmentOf(parseProjectText(text), name)
  const folder = join(cwd, '.authrim', environment.name)
  const local = isLocal(environment)
  // One that `authrim deploy` brought up is where its file says; `authrim dev` serves where it was told to.
  const deployed = existsSync(join(root, resourcesFile(environment.name)))
  return {
    environment: local && !deployed ? { ...environment, ...runningIssuer(folder) } : environment,
    configuredIssuer: environment.issuer,
    local,
    root: text === undefined ? cwd : root,
    folder,
  }
}

/** What `authrim dev` serves where no authrim.json says otherwise. */
export function defaultLocalEnvironment(issuer = 'http://localhost:8787'): Environment {
  return environmentOf(
    parseProject({ name: 'authrim', defaultEnvironment: 'local', environments: { local: { issuer } } }),
  )
}

/** The file in which a local environment leaves its issuer, since `--port` may have moved it. */
export function issuerFile(folder: string): string {
  return join(folder, 'issuer')
}

function runningIssuer(folder: string): { issuer?: string } {
  const issuer = readIfThere(issuerFile(folder))?.trim()
  if (issuer === undefined) return {}
  return { issuer: defaultLocalEnvironment(issuer).issuer }
}

function environmentWithoutProject(cwd: string, name = 'local'): Environment {
  if (name !== 'local') throw usageError(`There is no authrim.json in ${cwd}, so there is no environment ${name}.`)
  return defaultLocalEnvironment()
}
