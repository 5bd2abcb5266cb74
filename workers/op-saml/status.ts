import type { Element } from './xml/types/xmldom.d.ts'
import { ns } from './xml/namespaces.ts'
import { childOf, requiredAttribute, requiredChild, textOf } from './xml/read.ts'
import { element, type Markup } from './xml/write.ts'

const prefix = 'urn:oasis:names:tc:SAML:2.0:status:'

export type TopStatus = 'Success' | 'Requester' | 'Responder' | 'VersionMismatch'

/** Second-level codes that we say, Core §3.2.2.2. */
export type SecondStatus =
  | 'AuthnFailed'
  | 'InvalidNameIDPolicy'
  | 'NoAuthnContext'
  | 'NoPassive'
  | 'PartialLogout'
  | 'RequestDenied'
  | 'RequestUnsupported'
  | 'UnknownPrincipal'

export interface Status {
  readonly top: string
  readonly second?: string | undefined
  readonly message?: string | undefined
}

export function statusMarkup(top: TopStatus, second?: SecondStatus, message?: string): Markup {
  return element(
    'samlp:Status',
    {},
    element(
      'samlp:StatusCode',
      { Value: prefix + top },
      second && element('samlp:StatusCode', { Value: prefix + second }),
    ),
    message === undefined ? undefined : element('samlp:StatusMessage', {}, message),
  )
}

/** The status of a response, names without their common prefix. @throws OAuthError invalid_request */
export function readStatus(response: Element): Status {
  const status = requiredChild(response, ns.protocol, 'Status')
  const code = requiredChild(status, ns.protocol, 'StatusCode')
  const second = childOf(code, ns.protocol, 'StatusCode')
  const message = childOf(status, ns.protocol, 'StatusMessage')
  return {
    top: nameOf(code),
    second: second && nameOf(second),
    message: message && textOf(message).slice(0, 500),
  }
}

function nameOf(code: Element): string {
  const value = requiredAttribute(code, 'Value')
  return value.startsWith(prefix) ? value.slice(prefix.length) : value
}
