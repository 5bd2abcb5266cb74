import * as v from 'valibot'

/** What the admin API answers, as far as the command reads it; members of newer releases pass through. */

const Cursor = v.optional(v.nullable(v.string()), null)
const Time = v.nullish(v.string())

export const Key = v.looseObject({
  kid: v.string(),
  alg: v.string(),
  use: v.string(),
  state: v.string(),
  createdAt: Time,
  signsFrom: Time,
  leavesAt: Time,
  certificateExpiresAt: Time,
})
export const Schedule = v.looseObject({ days: v.nullable(v.number()), nextRotationAt: Time })
export const KeysAnswer = v.looseObject({ keys: v.array(Key), schedule: v.optional(Schedule) })
export const ScheduleAnswer = v.looseObject({ schedule: Schedule })

export const Rotation = v.looseObject({
  alg: v.string(),
  retiring: v.nullish(v.string()),
  current: v.string(),
  next: v.nullish(v.string()),
  effectiveAt: Time,
})
export const RotationsAnswer = v.looseObject({ rotations: v.array(Rotation) })
export const RevocationAnswer = v.looseObject({
  revocation: v.looseObject({ kid: v.string(), alg: v.string(), replacement: v.nullish(v.string()), dies: v.string() }),
})

export const Client = v.looseObject({
  client_id: v.string(),
  client_name: v.optional(v.string()),
  client_secret: v.optional(v.string()),
  client_id_issued_at: v.optional(v.number()),
  redirect_uris: v.optional(v.array(v.string())),
  grant_types: v.optional(v.array(v.string())),
  token_endpoint_auth_method: v.optional(v.string()),
  scope: v.optional(v.string()),
  disabled: v.optional(v.boolean()),
  previous_secret_expires_at: v.nullish(v.union([v.string(), v.number()])),
})
export const ClientAnswer = v.looseObject({ client: Client })
export const ClientsAnswer = v.looseObject({ clients: v.array(Client), nextCursor: Cursor })
export const ImportedClientsAnswer = v.looseObject({ imported: v.number(), updated: v.number() })
export const RegistrationTokenAnswer = v.looseObject({
  registrationToken: v.looseObject({ token: v.string(), expiresAt: v.string() }),
})

export const User = v.looseObject({
  sub: v.string(),
  username: v.nullish(v.string()),
  email: v.string(),
  emailVerified: v.boolean(),
  disabled: v.boolean(),
  createdAt: v.string(),
  claims: v.optional(v.record(v.string(), v.unknown())),
  hasPassword: v.optional(v.boolean()),
})
export const UserAnswer = v.looseObject({ user: User })
export const UsersAnswer = v.looseObject({ users: v.array(User), nextCursor: Cursor })
export const Session = v.looseObject({
  id: v.string(),
  createdAt: Time,
  lastSeenAt: Time,
  expiresAt: Time,
  userAgent: v.nullish(v.string()),
  address: v.nullish(v.string()),
  clients: v.optional(v.array(v.string()), []),
})
export const SessionsAnswer = v.looseObject({ sessions: v.array(Session) })
export const SignOutAnswer = v.looseObject({ sessions: v.number(), grants: v.number() })
export const ImportedUsersAnswer = v.looseObject({
  imported: v.number(),
  skipped: v.array(v.looseObject({ email: v.nullish(v.string()), reason: v.string() })),
})

export const Grant = v.looseObject({
  id: v.string(),
  sub: v.nullish(v.string()),
  client_id: v.string(),
  scope: v.nullish(v.string()),
  createdAt: Time,
  expiresAt: Time,
  revoked: v.optional(v.boolean()),
  offline: v.optional(v.boolean()),
})
export const GrantsAnswer = v.looseObject({ grants: v.array(Grant), nextCursor: Cursor })
export const RevokedGrantsAnswer = v.looseObject({ revoked: v.number() })

export const Operator = v.looseObject({ kid: v.string(), name: v.string(), createdAt: Time, expiresAt: Time })
export const OperatorsAnswer = v.looseObject({ operators: v.array(Operator) })
export const OperatorAnswer = v.looseObject({ operator: Operator })

export const AuditEvent = v.looseObject({
  time: v.string(),
  actor: v.nullish(v.string()),
  action: v.string(),
  target: v.nullish(v.string()),
  outcome: v.string(),
  requestId: v.nullish(v.string()),
})
export const AuditAnswer = v.looseObject({ events: v.array(AuditEvent), nextCursor: Cursor })

/** For answers without a body, and those that are passed on unread. */
export const Anything = v.unknown()
