import { randomBytes } from 'node:crypto'
import { Anything, UserAnswer } from '../admin/answers.ts'
import type { AdminClient } from '../admin/client.ts'
import type { Edge } from '../apply/edge.ts'
import { runCodeFlow } from '../login/code-flow.ts'
import { type Finding, well } from './finding.ts'

const redirectUri = 'https://doctor.example/callback'

/**
 * A whole code flow as a client and a person that exist for it only, who signs in with a password. Both are removed at
 * the end, with whatever the login left.
 */
export async function testLogin(admin: AdminClient, edge: Edge): Promise<Finding> {
  const id = `doctor-${randomBytes(6).toString('hex')}`
  const [password, email] = [randomBytes(24).toString('base64url'), `${id}@doctor.example`]
  const started = performance.now()
  try {
    await admin.post('/clients', { ...metadata(id) }, Anything)
    const { user } = await admin.post('/users', { email, username: id, password }, UserAnswer)
    await runCodeFlow(edge, { clientId: id, redirectUri, identifier: id, password, sub: user.sub, email })
    return well(
      'login',
      `a throw-away person signed in to a throw-away client in ${((performance.now() - started) / 1000).toFixed(1)} s`,
    )
  } finally {
    await Promise.allSettled([admin.delete(`/users/${id}`, Anything), admin.delete(`/clients/${id}`, Anything)])
  }
}

function metadata(id: string) {
  return {
    client_id: id,
    client_name: 'authrim doctor',
    redirect_uris: [redirectUri],
    grant_types: ['authorization_code'],
    response_types: ['code'],
    token_endpoint_auth_method: 'none',
    scope: 'openid email',
  }
}
