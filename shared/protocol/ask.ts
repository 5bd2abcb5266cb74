import type { Grant } from './grant.ts'

/** What a device or a client asks a person for, as it is kept until the person decides. */
export interface AskRequest {
  readonly v: 1
  readonly kind: 'device' | 'backchannel'
  readonly scope: readonly string[]
  readonly resources: readonly string[]
  /** Shown on both devices, so that the person can compare (CIBA §7.1). */
  readonly bindingMessage?: string
  /** Seconds. */
  readonly askedAt: number
  /** Country of the request as Cloudflare reports it. */
  readonly country?: string
  /** Network address of the device. */
  readonly address?: string
}

/** How the person who approves proved who they are; absent where an operator decides for them. */
export interface Approver {
  readonly authTime: number
  readonly acr: string
  readonly amr: readonly string[]
}

/**
 * What an approval grants. It belongs to no browser session: signing out of the browser does not sign the device out.
 */
export function approvedGrant(
  request: AskRequest,
  clientId: string,
  sub: string,
  approver: Approver | undefined,
  now: number,
): Grant {
  return {
    v: 1,
    client_id: clientId,
    sub,
    scope: request.scope.join(' '),
    ...(approver && { auth_time: approver.authTime, acr: approver.acr, amr: approver.amr }),
    resources: request.resources,
    created_at: now,
  }
}
