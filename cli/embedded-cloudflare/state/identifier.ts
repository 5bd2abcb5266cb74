import { createHash, randomBytes, randomUUID } from 'node:crypto'

/** 32 hexadecimal digits, as accounts, zones, namespaces and routes have. */
export function newId(): string {
  return randomBytes(16).toString('hex')
}

/** A UUID, as versions, deployments and databases have. */
export function newUuid(): string {
  return randomUUID()
}

/** The same id for the same name, so that an account or zone given by name keeps its id. */
export function idOf(kind: string, name: string): string {
  return createHash('sha256').update(`${kind}\0${name}`).digest('hex').slice(0, 32)
}
