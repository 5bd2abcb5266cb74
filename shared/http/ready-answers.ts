/** An answer that is the same for everyone. Times are seconds since the epoch. */
export interface ReadyAnswer {
  /** Encoded once: a string would be encoded for every answer. */
  readonly body: Uint8Array
  /** It is sent again in this span, and asked for anew outside of it, also where a clock was put back. */
  readonly from: number
  readonly until: number
}

/**
 * Sends answers again without router, context and handler, which would cost as much as the answer itself. Keys are paths
 * of routes, so there are never more than there are routes.
 */
export class ReadyAnswers {
  readonly #answers = new Map<string, ReadyAnswer & { readonly headers: Headers }>()

  /** @param headers those of the answer that was just made, with the id of its request. */
  keep(path: string, answer: ReadyAnswer, headers: Headers): void {
    const lasting = new Headers(headers)
    lasting.delete('x-request-id')
    this.#answers.set(path, { ...answer, headers: lasting })
  }

  /** Undefined where there is none, or the request asks for more than the document. */
  find(request: Request): Response | undefined {
    const { url, method, headers } = request
    const answer = this.#answers.get(url.slice(url.indexOf('/', url.indexOf('//') + 2)))
    if (!answer || method !== 'GET' || headers.has('if-none-match')) return undefined
    const now = Date.now() / 1000
    if (now < answer.from || now >= answer.until) return undefined
    const response = new Response(answer.body, { headers: answer.headers })
    response.headers.set('x-request-id', headers.get('cf-ray') ?? crypto.randomUUID())
    return response
  }
}
