/** The files of a new project that the operator owns afterwards. */
import { usageError } from '../error.ts'
import type { Choices } from './choices.ts'

/** authrim.json with the new environment added; what stands there is kept as it is. */
export function projectText(
  former: string | undefined,
  { projectName, environmentName, newEnvironment }: Choices,
): string | undefined {
  if (newEnvironment === undefined) return undefined
  const project = former === undefined ? undefined : jsonObject(former, 'authrim.json')
  const environments = project && Object(project['environments'])
  return json({
    ...(project ?? {
      $schema: './node_modules/authrim/templates/authrim.schema.json',
      name: projectName,
      defaultEnvironment: environmentName,
    }),
    environments: { ...environments, [environmentName]: newEnvironment },
  })
}

/** package.json of a new project; undefined where there is one. */
export function packageText(former: string | undefined, projectName: string, release: string): string | undefined {
  if (former !== undefined) return undefined
  return json({
    name: projectName,
    private: true,
    type: 'module',
    scripts: { dev: 'authrim dev', deploy: 'authrim deploy', status: 'authrim status' },
    dependencies: { authrim: release },
    // What npm would otherwise ask about: these two unpack their binaries, nothing else runs at install.
    allowScripts: { esbuild: true, workerd: true, sharp: false },
  })
}

const IGNORED = ['.authrim/', '.wrangler/', 'node_modules/']

/** .gitignore that keeps secrets and caches out; undefined where it does already. */
export function gitignoreText(former = ''): string | undefined {
  const lines = former.split('\n').map((line) => line.trim())
  const missing = IGNORED.filter((entry) => !lines.includes(entry) && !lines.includes(entry.replace(/\/$/, '')))
  if (missing.length === 0) return undefined
  return `${former}${former === '' || former.endsWith('\n') ? '' : '\n'}${missing.join('\n')}\n`
}

function jsonObject(text: string, path: string): Record<string, unknown> {
  const value: unknown = JSON.parse(text)
  if (typeof value !== 'object' || value === null) throw usageError(`${path} is not an object.`)
  return { ...value }
}

function json(value: unknown): string {
  return `${JSON.stringify(value, undefined, 2)}\n`
}
