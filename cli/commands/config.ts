import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Context } from '../context.ts'
import { usageError } from '../error.ts'
import type { DefineCommand } from '../program.ts'
import { verb } from '../ui/help.ts'
import { sanitize } from '../ui/sanitize.ts'

export const define: DefineCommand = (noun, context) => {
  verb(noun, 'show', 'show an environment with its defaults', 'authrim config show --env production').action(
    async () => {
      const ctx = context()
      const { environment } = await ctx.environment()
      ctx.report.document({ environment })
    },
  )

  verb(
    noun,
    'get <path>',
    'show one member of authrim.json',
    'authrim config get environments.production.issuer',
  ).action(async (path: string) => {
    const ctx = context()
    const { parsePath, valueAt } = await import('../project/config-path.ts')
    const value = valueAt(await readDocument(ctx), parsePath(path))
    if (value === undefined) throw usageError(`authrim.json has no ${path}.`, 'See: authrim config show')
    ctx.report.answer({ path, value }, () => [
      typeof value === 'string' ? sanitize(value) : JSON.stringify(value, undefined, 2),
    ])
  })

  verb(
    noun,
    'set <path> [value]',
    'change one member of authrim.json; JSON or text, without a value it is removed',
    'authrim config set environments.production.codeTtl 30',
  ).action(async (path: string, text: string | undefined) => {
    const ctx = context()
    const [{ parsePath, withValue }, { parseText }, { writeProjectFile }] = await Promise.all([
      import('../project/config-path.ts'),
      import('../project/project.ts'),
      import('../project/project-file.ts'),
    ])
    const value = text === undefined ? undefined : parseValue(text)
    const next = `${JSON.stringify(withValue(await readDocument(ctx), parsePath(path), value), undefined, 2)}\n`
    parseText(next)
    writeProjectFile(ctx.cwd, 'authrim.json', next)
    ctx.report.answer({ path, value: value ?? null }, () => [
      ctx.report.done(
        `${path} is ${text === undefined ? 'removed' : JSON.stringify(value)}. It takes effect with: authrim deploy`,
      ),
    ])
  })

  verb(noun, 'validate', 'check authrim.json', 'authrim config validate').action(async () => {
    const ctx = context()
    const { parseText } = await import('../project/project.ts')
    const { environments } = parseText(await readText(ctx))
    const names = Object.keys(environments)
    ctx.report.answer({ valid: true, environments: names }, () => [
      ctx.report.done(`authrim.json is valid: ${names.join(', ')}`),
    ])
  })

  verb(noun, 'schema', 'print the JSON schema of authrim.json', 'authrim config schema').action(async () => {
    const { authrimPackage } = await import('../bundle/package-root.ts')
    const file = join(authrimPackage().root, 'templates/authrim.schema.json')
    const schema: unknown = JSON.parse(readFileSync(file, 'utf8'))
    context().report.document(schema)
  })
}

async function readText({ cwd }: Context): Promise<string> {
  const { readProjectFile } = await import('../project/project-file.ts')
  const text = readProjectFile(cwd, 'authrim.json')
  if (text === undefined) throw usageError(`There is no authrim.json in ${cwd}.`, 'Make a project: authrim init')
  return text
}

async function readDocument(ctx: Context): Promise<unknown> {
  try {
    return JSON.parse(await readText(ctx))
  } catch (error) {
    if (error instanceof SyntaxError) throw usageError(`authrim.json is not JSON: ${error.message}`)
    throw error
  }
}

/** JSON where it is, else the text itself. */
function parseValue(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
