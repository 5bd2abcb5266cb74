import { createHash } from 'node:crypto'
import { type Script, servedVersions, type Version } from '../state/script.ts'
import { workerName } from './loaded-worker.ts'

/** A splitter's question. */
export interface ChoiceRequest {
  readonly url: string
  readonly headers: { get(name: string): string | null }
}

/** Reads a header; undefined when there is none. */
export type ReadHeader = (name: string) => string | undefined

/**
 * The version that answers a request: the one an override names if it has a share (0 % counts), else by percentage,
 * where equal version keys get equal versions. As at Cloudflare, an override that names anything else is ignored.
 */
export function chooseVersion(script: Script, header: ReadHeader): Version | undefined {
  const served = servedVersions(script)
  const wanted = overrides(header('cloudflare-workers-version-overrides')).get(script.name)
  const overridden = served.find(({ version }) => version.id === wanted)
  if (overridden) return overridden.version
  let point = 100 * pointOf(header('cloudflare-workers-version-key'))
  for (const { version, percentage } of served) {
    if (point < percentage) return version
    point -= percentage
  }
  return served[0]?.version
}

/** A dictionary of structured fields: `name="version id", other="…"`. */
function overrides(header: string | undefined): Map<string, string> {
  const found = new Map<string, string>()
  for (const [, name, id] of (header ?? '').matchAll(/(?:^|,)\s*([\w*.-]+)\s*=\s*"([^"]*)"/g)) {
    if (name !== undefined && id !== undefined) found.set(name, id)
  }
  return found
}

function pointOf(key: string | undefined): number {
  if (key === undefined) return Math.random()
  return createHash('sha256').update(key).digest().readUInt32BE() / 2 ** 32
}

/** Answers a splitter: the runtime's name of the version to take. The address ends in the Worker's tag. */
export function chooseTarget(
  { accounts }: { readonly accounts: readonly { readonly scripts: readonly Script[] }[] },
  request: ChoiceRequest,
): string {
  const tag = new URL(request.url).pathname.slice(1)
  const script = accounts.flatMap(({ scripts }) => scripts).find((candidate) => candidate.tag === tag)
  const version = script && chooseVersion(script, (name) => request.headers.get(name) ?? undefined)
  if (!script || !version) throw new Error(`there is no Worker ${tag}`)
  return workerName(script, version)
}
