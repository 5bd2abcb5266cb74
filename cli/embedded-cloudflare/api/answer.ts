/** What an endpoint answers: a result for the envelope, or bytes that go out as they are. */
export type Answer =
  | {
      readonly result: unknown
      readonly resultInfo?: Readonly<Record<string, unknown>>
      readonly messages?: readonly unknown[]
      readonly status?: number
    }
  | { readonly raw: string | Uint8Array; readonly contentType: string; readonly headers?: Record<string, string> }

/** A bare result. */
export function ok(result: unknown): Answer {
  return { result }
}

/** Cloudflare's envelope around a result. */
export function envelope({ result, resultInfo, messages }: Extract<Answer, { result: unknown }>): string {
  return JSON.stringify({
    success: true,
    errors: [],
    messages: messages ?? [],
    result,
    ...(resultInfo && { result_info: resultInfo }),
  })
}

/** Cloudflare's envelope around a failure. */
export function failure(code: number, message: string): string {
  return JSON.stringify({ success: false, errors: [{ code, message }], messages: [], result: null })
}
