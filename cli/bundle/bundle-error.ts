/** A bundle that cannot be made or trusted; `hint` is the next thing to type. */
export class BundleError extends Error {
  readonly hint: string

  constructor(message: string, hint: string) {
    super(message)
    this.name = 'BundleError'
    this.hint = hint
  }
}
