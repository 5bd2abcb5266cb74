import type { Route } from '../../../shared/http/context.ts'
import type { SamlDeps } from '../deps.ts'
import { consume } from './acs.ts'
import { complete } from './complete.ts'
import { login } from './login.ts'
import { spMetadata } from './metadata.ts'
import { signedInHere } from './signed-in-here.ts'
import { spSlo, spSloByPost } from './slo.ts'

/** What we serve as a service provider. */
export const spRoutes: readonly Route<SamlDeps>[] = [
  { path: '/saml/sp/metadata', GET: spMetadata, cors: true },
  { path: '/saml/sp/metadata/:alias', GET: spMetadata, cors: true },
  { path: '/saml/sp/login/:alias', GET: login },
  { path: '/saml/sp/acs', POST: consume },
  { path: '/saml/sp/acs/:alias', POST: consume },
  { path: '/saml/sp/complete', GET: complete },
  { path: '/saml/sp/slo', GET: spSlo, POST: spSloByPost },
  { path: '/saml/sp/slo/:alias', GET: spSlo, POST: spSloByPost },
  { path: '/saml/sp/session', GET: signedInHere },
]
