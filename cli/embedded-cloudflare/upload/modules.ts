import { posix } from 'node:path'
import { gzipSync } from 'node:zlib'
import { ApiError } from '../api/api-error.ts'
import type { UploadedModule } from '../runtime/validator.ts'

const types: Readonly<Record<string, UploadedModule['type'] | undefined>> = {
  'application/javascript+module': 'esm',
  'text/javascript+module': 'esm',
  'application/javascript': 'cjs',
  'text/javascript': 'cjs',
  'application/wasm': 'wasm',
  'application/json': 'json',
  'application/octet-stream': 'data',
  'text/plain': 'text',
}

const MAX_GZIP = 10 * 1024 * 1024
const MAX_RAW = 64 * 1024 * 1024

/** The modules of an upload: every part but the metadata, without source maps. */
export async function readModules(form: FormData, main: string): Promise<UploadedModule[]> {
  const modules: UploadedModule[] = []
  for (const [name, part] of form) {
    if (name === 'metadata' || typeof part === 'string' || part.type === 'application/source-map') continue
    const contentType = part.type.split(';')[0]?.trim() ?? ''
    const type = types[contentType]
    if (!type) throw new ApiError(400, 10021, `Module ${name} has the unknown content type ${contentType}.`)
    modules.push({ name: posix.normalize(name), type, contents: Buffer.from(await part.arrayBuffer()) })
  }
  if (!modules.some(({ name }) => name === posix.normalize(main))) {
    throw new ApiError(400, 10021, `No such module: ${main} is main_module but was not uploaded.`)
  }
  refuseLarge(modules)
  return modules
}

function refuseLarge(modules: readonly UploadedModule[]): void {
  const raw = modules.reduce((sum, { contents }) => sum + contents.byteLength, 0)
  // What is smaller uncompressed needs no compressing to know.
  if (raw <= MAX_GZIP) return
  const gzip = modules.reduce((sum, { contents }) => sum + gzipSync(contents).byteLength, 0)
  if (raw <= MAX_RAW && gzip <= MAX_GZIP) return
  throw new ApiError(413, 10027, 'Your Worker exceeded the size limit of 10 MiB.')
}
