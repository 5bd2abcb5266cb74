import { sqlDoorScript } from '../sql-door.ts'

/** Says which Worker of the runtime a request is for; set by the front, never by a caller. */
export const targetHeader = 'x-embedded-cloudflare-target'

export const dispatcherName = 'embedded-dispatcher'
export const collectorName = 'embedded-collector'
export const missingName = 'embedded-missing'

/** Hands a request to the Worker that the front chose. */
export const dispatcherScript = `
export default {
  fetch(request, env) {
    const headers = new Headers(request.headers)
    const target = env[headers.get('${targetHeader}')]
    headers.delete('${targetHeader}')
    const secure = headers.get('x-forwarded-proto') === 'https'
    const url = secure ? request.url.replace(/^http:/, 'https:') : request.url
    return target.fetch(new Request(url, new Request(request, { headers })))
  }
}
${sqlDoorScript}`

/**
 * Stands for a Worker whose traffic is split, where another Worker is bound to it. Which version answers is decided in
 * one place, outside, so a change of percentages needs no restart.
 */
export const splitterScript = `
export default {
  async fetch(request, env) {
    const headers = {}
    for (const name of ['cloudflare-workers-version-overrides', 'cloudflare-workers-version-key']) {
      if (request.headers.has(name)) headers[name] = request.headers.get(name)
    }
    const choice = await env.CHOOSE.fetch('http://choose/' + env.TAG, { headers })
    return env[await choice.text()].fetch(request)
  }
}
`

/** What a binding reaches whose Worker was deleted. */
export const missingScript = `
export default { fetch() { throw new Error('The Worker behind this binding does not exist any more.') } }
`

/** Gathers the traces of every Worker and hands them out in small batches. */
export const collectorScript = `
let waiting = []
let flush
export default {
  tail(items, env, ctx) {
    for (const item of items) waiting.push({ worker: ctx.props.worker, item })
    flush ??= new Promise((resolve) => setTimeout(resolve, 10)).then(() => {
      const batch = JSON.stringify(waiting)
      waiting = []
      flush = undefined
      return env.OUT.fetch('http://traces/', { method: 'POST', body: batch })
    })
    ctx.waitUntil(flush)
  }
}
`
