import { isLoopbackHost } from '../../shared/config/issuer.ts'
import { addressFile, type RecordedAddress, recordedAddresses } from '../embedded-cloudflare/address-file.ts'
import { CliError } from '../error.ts'

/** True for `http://<loopback>:<port>/client/v4`. */
export function isLoopbackApi(address: string): boolean {
  const url = URL.parse(address)
  return url !== null && /^https?:$/.test(url.protocol) && isLoopbackHost(url.hostname) && url.pathname === '/client/v4'
}

/**
 * The embedded Cloudflare at an API address; without one, that which serves the issuer's port, or was started last. One
 * that does not answer is none.
 */
export async function findLocalCloudflare(
  apiBase?: string,
  env = process.env,
  issuer?: string,
): Promise<RecordedAddress> {
  const recorded = recordedAddresses(addressFile(env)).filter(
    (address) => isLoopbackApi(address.apiBase) && (apiBase === undefined || samePort(address.apiBase, apiBase)),
  )
  const serves = ({ edgeOrigin }: RecordedAddress) => issuer !== undefined && samePort(edgeOrigin, issuer)
  const [first, others] = [recorded.filter(serves), recorded.filter((address) => !serves(address))]
  for (const address of [...first, ...others]) if (await answers(address)) return address
  throw new CliError(
    apiBase === undefined
      ? 'No local Cloudflare runs on this machine.'
      : `No local Cloudflare of this user answers at ${apiBase}.`,
    {
      code: 'no_local_cloudflare',
      hint: 'Start it in another terminal: authrim dev   or, without Workers: authrim local',
    },
  )
}

function samePort(a: string, b: string): boolean {
  return new URL(a).port === new URL(b).port
}

async function answers({ apiBase, token }: RecordedAddress): Promise<boolean> {
  try {
    const response = await fetch(`${apiBase}/user/tokens/verify`, {
      headers: { authorization: `Bearer ${token}` },
      signal: AbortSignal.timeout(2000),
    })
    await response.body?.cancel()
    return response.ok
  } catch {
    return false
  }
}
