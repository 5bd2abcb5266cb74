/** A refusal in Cloudflare's words: HTTP status, its numeric code and a message. */
export class ApiError extends Error {
  readonly status: number
  readonly code: number

  constructor(status: number, code: number, message: string) {
    super(message)
    this.name = 'ApiError'
    this.status = status
    this.code = code
  }
}

/** A request that cannot be read. */
export function badRequest(message: string, code = 10026): ApiError {
  return new ApiError(400, code, message)
}

/** A token that lacks a permission for a product of an account or zone. */
export function missingPermission(): ApiError {
  return new ApiError(403, 10000, 'Authentication error')
}

/** A token that may not see an account, a zone or its user at all. */
export function unauthorizedResource(): ApiError {
  return new ApiError(403, 9109, 'Unauthorized to access requested resource')
}
