/** One operation as the description tells it. Names of schemas stand for the schema. */
export interface Description<Schema extends string = string> {
  /** What its name does not say. */
  readonly says?: string
  readonly query?: readonly (keyof typeof queryParameters)[]
  /** Members of the request body; a name ending in `?` is optional. */
  readonly takes?: Readonly<Record<string, object>> | Schema
  /** Members of the answer; without any, 204. */
  readonly gives?: Readonly<Record<string, object>>
  readonly status?: 201
}

const text = { type: 'string' }

const queryParameters = {
  limit: { type: 'integer', minimum: 1, maximum: 100, default: 50 },
  cursor: text,
  search: text,
  user: { ...text, description: 'sub, user name or e-mail address' },
  client: { ...text, description: 'client_id' },
  since: { ...text, format: 'date-time' },
  actor: { ...text, description: 'kid, sub or client_id' },
} as const

/** A reference to a schema. */
export function schemaOf(name: string): object {
  return { $ref: `#/components/schemas/${name}` }
}

/** The description of the operations that a Worker serves, OpenAPI 3.1. */
export function openApi(
  issuer: string,
  operations: readonly (readonly [string, string, ...unknown[]])[],
  descriptions: Readonly<Record<string, Description>>,
  schemas: object,
): object {
  const paths: Record<string, Record<string, object>> = {}
  for (const [operation, action] of operations) {
    const [method = '', address = ''] = operation.split(' ')
    const path = address.replaceAll(/:(\w+)/g, '{$1}')
    const description = descriptions[action]
    if (description) paths[path] = { ...paths[path], [method.toLowerCase()]: described(path, action, description) }
  }
  return {
    openapi: '3.1.0',
    info: { title: 'authrim admin API', version: '1' },
    servers: [{ url: `${issuer}/admin/v1` }],
    security: [{ operator: [] }],
    paths,
    components: { schemas, securitySchemes: { operator } },
  }
}

const operator = {
  type: 'http',
  scheme: 'bearer',
  bearerFormat: 'JWT',
  description:
    'A JWT per request. Header: alg EdDSA, typ authrim-operator+jwt, kid. Claims: iss = kid, aud = issuer, iat, exp = iat + 60, jti, htm = method, htu = path and query, body = base64url(SHA-256(body))',
}

function described(path: string, action: string, { says, query = [], takes, gives, status }: Description): object {
  const inPath = [...path.matchAll(/\{(\w+)/g)].map(([, name]) => ({ name, in: 'path', required: true, schema: text }))
  const parameters = [...inPath, ...query.map((name) => ({ name, in: 'query', schema: queryParameters[name] }))]
  const success = gives ? { description: 'Done', ...content(objectOf(gives)) } : { description: 'Done' }
  return {
    operationId: action,
    summary: says ?? action.replace(/[._]/g, ' '),
    ...(parameters.length > 0 && { parameters }),
    ...(takes !== undefined && {
      requestBody: {
        required: true,
        ...content(typeof takes === 'string' ? schemaOf(takes) : objectOf(takes)),
      },
    }),
    responses: {
      [gives ? (status ?? 200) : 204]: success,
      default: { description: 'Error', ...content(schemaOf('Error')) },
    },
  }
}

function content(schema: object): object {
  return { content: { 'application/json': { schema } } }
}

function objectOf(members: Readonly<Record<string, object>>): object {
  const names = Object.keys(members)
  const required = names.filter((name) => !name.endsWith('?'))
  const properties = Object.fromEntries(names.map((name) => [name.replace('?', ''), members[name]]))
  return { type: 'object', properties, ...(required.length > 0 && { required }) }
}
