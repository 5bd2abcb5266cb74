import { type AccountApi, attempt } from './account-api.ts'

/** The main module that a script runs now, as bytes. The SDK would take the multipart answer for JSON. */
export function readWorkerCode(account: AccountApi, script: string): Promise<Uint8Array> {
  const path = account.path(`workers/scripts/${encodeURIComponent(script)}/content/v2`)
  return attempt(`Reading the code of ${script}`, path, async () => {
    const response = await fetch(account.access.apiBase + path, {
      headers: { authorization: `Bearer ${account.access.token}` },
      signal: AbortSignal.timeout(30_000),
    })
    if (!response.ok) throw new SyntaxError(`HTTP ${response.status}`)
    const main = response.headers.get('cf-entrypoint')
    const form = await response.formData()
    const part = main === null ? [...form.values()][0] : form.get(main)
    if (!(part instanceof File)) throw new SyntaxError('no main module')
    return new Uint8Array(await part.arrayBuffer())
  })
}
