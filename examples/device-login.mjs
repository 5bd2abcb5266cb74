// Signs a person in from the command line by the device flow (RFC 8628).
//
//   authrim clients create --type device --id cli --name "My command"
//   node examples/device-login.mjs http://localhost:8787 cli
//
// For an issuer on this machine; elsewhere leave `allowInsecureRequests` out.
import * as oidc from 'openid-client'

const [issuer = 'http://localhost:8787', clientId = 'cli'] = process.argv.slice(2)

const local = new URL(issuer).protocol === 'http:'
const config = await oidc.discovery(new URL(issuer), clientId, undefined, oidc.None(), {
  execute: local ? [oidc.allowInsecureRequests] : [],
})
const device = await oidc.initiateDeviceAuthorization(config, { scope: 'openid profile email' })
console.log(`Open ${device.verification_uri} and enter ${device.user_code}`)
console.log(`or go to ${device.verification_uri_complete} and compare the code.`)

try {
  const tokens = await oidc.pollDeviceAuthorizationGrant(config, device)
  const person = await oidc.fetchUserInfo(config, tokens.access_token, tokens.claims().sub)
  console.log(`You are ${person.name ?? person.email ?? person.sub}.`)
} catch (error) {
  const reasons = { access_denied: 'You declined.', expired_token: 'The code has expired: start again.' }
  console.error(reasons[error.error] ?? error.message)
  process.exitCode = 1
}
