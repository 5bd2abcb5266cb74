import type { WorkerContext } from '../../shared/http/context.ts'

/** What the SAML Worker's handlers work with. */
export interface SamlDeps {
  readonly issuer: string
}

export type SamlContext = WorkerContext<SamlDeps>
