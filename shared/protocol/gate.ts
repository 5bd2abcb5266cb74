import { gate } from '../topology.ts'

/** The client that a person of the deploy gate signs in to, and no other; undefined for real people. */
export function gateClient(email: string): string | undefined {
  const [name, domain] = email.split('@')
  return domain === gate.domain ? name : undefined
}
