export interface Answer {
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
}

export function page(html: { toString(): string }, status = 200): Answer {
  return { status, headers: { 'content-type': 'text/html; charset=utf-8' }, body: html.toString() }
}

export function redirect(location: string, cookie?: string): Answer {
  return { status: 303, headers: { location, ...(cookie !== undefined && { 'set-cookie': cookie }) } }
}
