import * as v from 'valibot'
import type { Handler, Route, WorkerContext } from '../context.ts'
import { parseJson } from '../form.ts'
import { noStore } from '../no-store.ts'
import { OAuthError, invalidRequest } from '../../protocol/error.ts'
import type { AuditEvent } from '../../stores/d1/audit-log.ts'
import type { Operator } from '../../stores/durable-objects/operator-registry.ts'
import { type OperatorDeps, authenticateOperator } from './authenticate-operator.ts'

export type AdminHandler<Deps extends OperatorDeps> = (call: AdminCall<Deps>) => Promise<Response>

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

/** An operation of the admin API: method and path below `/admin/v1`, what the audit log calls it, what does it. */
export type AdminOperation<Deps extends OperatorDeps> = readonly [`${Method} /${string}`, string, AdminHandler<Deps>]

/** One call of an operator to the admin API, which leaves an audit row: of its change, or of itself. */
export class AdminCall<Deps extends OperatorDeps> {
  readonly #c: WorkerContext<Deps>
  readonly #operator: Operator
  readonly #action: string
  /** The body as it came. */
  readonly text: string
  #audited = false
  target = ''

  constructor(c: WorkerContext<Deps>, operator: Operator, action: string, body: string) {
    this.#c = c
    this.#operator = operator
    this.#action = action
    this.text = body
  }

  get deps(): Deps {
    return this.#c.var.deps
  }

  /** Seconds. */
  get now(): number {
    return this.#c.var.now
  }

  /** A parameter of the path, which is also what the call is about. */
  subject(name: string): string {
    this.target = this.#c.req.param(name) ?? ''
    return this.target
  }

  query(name: string): string | undefined {
    return this.#c.req.query(name) || undefined
  }

  /** @throws OAuthError invalid_request naming the member that is wrong. */
  body<T extends v.GenericSchema>(schema: T): v.InferOutput<T> {
    const result = v.safeParse(schema, this.json(), { abortEarly: true })
    if (result.success) return result.output
    const [issue] = result.issues
    const member = issue.path?.map(({ key }) => String(key)).join('.')
    throw invalidRequest(ascii(member === undefined ? 'the body must be a JSON object' : `${member}: ${issue.message}`))
  }

  json(): unknown {
    const type = this.#c.req.header('content-type')?.split(';')[0]?.trim().toLowerCase()
    if (this.text !== '' && type !== 'application/json')
      throw invalidRequest('the content type must be application/json')
    return this.text === '' ? {} : parseJson(this.text)
  }

  /** A change in the database, which writes the audit row in its own transaction. */
  async change<T>(write: (event: AuditEvent) => Promise<T>): Promise<T> {
    const result = await write(this.#event('done'))
    this.#audited = true
    return result
  }

  /** A change elsewhere: recorded before it is made, so that none goes unrecorded, and settled after. */
  async effect<T>(make: () => Promise<T>): Promise<T> {
    const { audit } = this.deps
    const id = await audit.record(this.#event('started'))
    this.#audited = true
    try {
      const result = await make()
      await audit.settle(id, 'done')
      return result
    } catch (error) {
      await audit.settle(id, outcomeOf(error))
      throw error
    }
  }

  /** Writes the row of a call that changed nothing. */
  async settle(outcome: string): Promise<void> {
    if (!this.#audited) await this.deps.audit.record(this.#event(outcome))
  }

  answer(value: object, status: 200 | 201 = 200): Response {
    return this.#c.json(value, status, noStore)
  }

  nothing(): Response {
    return this.#c.body(null, 204, noStore)
  }

  #event(outcome: string): AuditEvent {
    return {
      time: Date.now(),
      actor: this.#operator.kid,
      action: this.#action,
      target: this.target.slice(0, 300),
      outcome,
      requestId: this.#c.var.requestId,
    }
  }
}

/** The operations as routes, one for each path: authenticated, audited, never cached. */
export function adminRoutes<Deps extends OperatorDeps>(
  operations: readonly AdminOperation<Deps>[],
  largestBody?: number,
): Route<Deps>[] {
  const routes = new Map<string, Route<Deps>>()
  for (const [operation, action, handle] of operations) {
    const [method = '', address = ''] = operation.split(' ')
    const path = `/admin/v1${address}`
    routes.set(path, { ...routes.get(path), path, [method]: operatorCall(action, handle, largestBody) })
  }
  return [...routes.values()]
}

function operatorCall<Deps extends OperatorDeps>(
  action: string,
  handle: AdminHandler<Deps>,
  largestBody: number | undefined,
): Handler<Deps> {
  return async (c) => {
    const { operator, body } = await authenticateOperator(c, largestBody)
    c.var.log['operator'] = operator.kid
    c.var.log['action'] = action
    const call = new AdminCall(c, operator, action, body)
    try {
      const response = await handle(call)
      await call.settle('done')
      return response
    } catch (error) {
      await call.settle(outcomeOf(error))
      throw error
    }
  }
}

function outcomeOf(error: unknown): string {
  return error instanceof OAuthError ? error.code : 'server_error'
}

function ascii(text: string): string {
  return text.replaceAll(/[^\x20-\x7e]|["\\]/g, "'").slice(0, 300)
}
