import * as v from 'valibot'
import { scopeClaims } from '../../../shared/protocol/claims.ts'

const Text = v.pipe(v.string(), v.maxLength(2048))
const Flag = v.boolean()
const Address = v.strictObject({
  formatted: v.exactOptional(Text),
  street_address: v.exactOptional(Text),
  locality: v.exactOptional(Text),
  region: v.exactOptional(Text),
  postal_code: v.exactOptional(Text),
  country: v.exactOptional(Text),
})

/** Claims that are columns of their own, or that we make. */
const ours: readonly string[] = ['email', 'email_verified', 'updated_at']

const names = Object.values(scopeClaims)
  .flat()
  .filter((name) => !ours.includes(name))

const claimSchemas = Object.fromEntries(
  names.map((name) => [
    name,
    v.exactOptional(
      v.nullable(name === 'address' ? Address : name === 'phone_number_verified' ? Flag : v.pipe(Text, v.minLength(1))),
    ),
  ]),
)

/** The standard claims of OpenID Connect Core §5.1 that a person may have; null removes one. */
export const Claims = v.strictObject(claimSchemas, 'only standard claims, each of its type')

/** One '@' between a local part and a host; whether it reaches somebody only a message can tell. */
export const Email = v.pipe(
  v.string(),
  v.trim(),
  v.maxLength(254),
  v.regex(/^[^\s@\p{C}]{1,64}@[^\s@\p{C}.]+(?:\.[^\s@\p{C}.]+)*$/u, 'not an e-mail address'),
)

/** Never contains '@', so that it is never taken for an address. */
export const Username = v.pipe(
  v.string(),
  v.trim(),
  v.regex(/^[^@\p{C}\s]{1,64}$/u, 'up to 64 characters without @ and spaces'),
)

export const Password = v.pipe(
  v.string(),
  v.check((text) => [...text].length >= 8 && text.length <= 256, '8 to 256 characters'),
)

export const NewUser = v.object({
  email: Email,
  username: v.exactOptional(Username),
  name: v.exactOptional(v.pipe(Text, v.minLength(1))),
  emailVerified: v.exactOptional(Flag),
  password: v.exactOptional(Password),
  claims: v.exactOptional(Claims),
})

export const UserChange = v.strictObject({
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
