import type { KvNamespace } from '../../shared/topology.ts'

/** Titles of a KV namespace of an environment: the one in use, and the one that previews use. */
export function namespaceTitles(environmentName: string, namespace: KvNamespace): { id: string; previewId: string } {
  const title = `authrim-${environmentName}-${namespace}`
  return { id: title, previewId: `${title}-preview` }
}

export function databaseName(environmentName: string): string {
  return `authrim-${environmentName}`
}

/** The tag of a version that authrim uploads: its release, and the start of its bundle's SHA-256. 25 characters fit. */
export function versionTag(release: string, sha256: string): string {
  return `${release}-${sha256.slice(0, 10)}`
}

export interface TagParts {
  readonly release: string
  readonly digest: string
}

/** What a version's tag says; undefined when authrim did not write it. */
export function parseVersionTag(tag: string): TagParts | undefined {
  const [, release, digest] = /^(\d+\.\d+\.\d+\S*)-([0-9a-f]{10})$/.exec(tag) ?? []
  return release === undefined || digest === undefined ? undefined : { release, digest }
}
