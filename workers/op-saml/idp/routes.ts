import type { Route } from '../../../shared/http/context.ts'
import type { SamlDeps } from '../deps.ts'
import { askNext, finishLogout, showLogout, slo, sloByPost } from '../logout/handlers.ts'
import { metadata } from './metadata.ts'
import { resume, sso, ssoByPost, start } from './sso.ts'

/** What we serve as an identity provider. */
export const idpRoutes: readonly Route<SamlDeps>[] = [
  { path: '/saml/idp/metadata', GET: metadata, cors: true },
  { path: '/saml/idp/sso', GET: sso, POST: ssoByPost },
  { path: '/saml/idp/start/:alias', GET: start },
  { path: '/saml/idp/continue', GET: resume },
  { path: '/saml/idp/slo', GET: slo, POST: sloByPost },
  { path: '/saml/idp/logout', GET: showLogout },
  { path: '/saml/idp/logout/next', GET: askNext },
  { path: '/saml/idp/logout/finish', GET: finishLogout },
]
