import * as v from 'valibot'
import { scopeClaims } from '../../../shared/protocol/claims.ts'

const longest = 2048
const Flag = v.boolean()

/** Claims that are columns of their own, or that we make. */
const ours: readonly string[] = ['email', 'email_verified', 'updated_at']

const names: readonly string[] = Object.values(scopeClaims).flat()
const addressMembers = ['formatted', 'street_address', 'locality', 'region', 'postal_code', 'country']

/** The standard claims of OpenID Connect Core §5.1 that a person may have; null removes one. */
const Claims = v.custom<Readonly<Record<string, unknown>>>(
  (claims) => isObject(claims) && Object.entries(claims).every(([name, value]) => isClaim(name, value)),
  'only standard claims, each of its type',
)

function isClaim(name: string, value: unknown): boolean {
  if (!names.includes(name) || ours.includes(name)) return false
  if (value === null) return true
  if (name === 'phone_number_verified') return typeof value === 'boolean'
  return name === 'address' ? isAddress(value) : isText(value)
}

function isAddress(value: unknown): boolean {
  return isObject(value) && Object.entries(value).every(([name, part]) => addressMembers.includes(name) && isText(part))
}

function isText(value: unknown): boolean {
  return typeof value === 'string' && value !== '' && value.length <= longest
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** One '@' between a local part and a host; whether it reaches somebody only a message can tell. */
export const Email = v.pipe(
  v.string(),
  v.maxLength(254),
  v.regex(/^[^\s@\p{C}]{1,64}@[^\s@\p{C}.]+(?:\.[^\s@\p{C}.]+)*$/u, 'not an e-mail address'),
)

/** Never contains '@', so that it is never taken for an address. */
export const Username = v.pipe(v.string(), v.regex(/^[^@\p{C}\s]{1,64}$/u, 'up to 64 characters without @ and spaces'))

export const Password = v.pipe(
  v.string(),
  v.check((text) => [...text].length >= 8 && text.length <= 256, '8 to 256 characters'),
)

export const NewUser = v.object({
  email: Email,
  username: v.exactOptional(Username),
  name: v.exactOptional(v.pipe(v.string(), v.minLength(1), v.maxLength(longest))),
  emailVerified: v.exactOptional(Flag),
  password: v.exactOptional(Password),
  claims: v.exactOptional(Claims),
})

export const UserChange = v.object({
  email: v.exactOptional(Email),
  username: v.exactOptional(v.nullable(Username)),
  emailVerified: v.exactOptional(Flag),
  claims: v.exactOptional(Claims),
})

export const ImportedUser = v.object({
  email: Email,
  username: v.exactOptional(v.nullable(Username)),
  emailVerified: v.exactOptional(Flag),
  claims: v.exactOptional(Claims),
  passwordHash: v.exactOptional(v.pipe(v.string(), v.maxLength(512))),
})
