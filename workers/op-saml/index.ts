import { workerApp } from '../../shared/http/app.ts'
import type { SamlDeps } from './deps.ts'

interface Env {
  readonly ISSUER_URL: string
  readonly VERSION: WorkerVersionMetadata
}

export default workerApp<Env, SamlDeps>({
  name: 'op-saml',
  parts: (env) => ({
    deps: { issuer: env.ISSUER_URL },
    issuer: env.ISSUER_URL,
    versionId: env.VERSION.id,
  }),
  routes: [],
})
