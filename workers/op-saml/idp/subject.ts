import { pairwiseSubject } from '../../../shared/protocol/pairwise.ts'
import type { ServiceProvider } from '../../../shared/protocol/saml-partner.ts'
import type { User } from '../../../shared/stores/users.ts'
import { type NameId, nameIdFormats } from '../name-id.ts'
import { newId } from '../response.ts'

/** What the partner asks of the name, Core §3.4.1.1. */
export interface NamePolicy {
  readonly format: string | undefined
  readonly allowCreate: boolean
  readonly spNameQualifier: string | undefined
}

/**
 * The name under which a partner knows a person (Core §8.3), or undefined where the policy cannot be met.
 * @param known the name from earlier in this session, which stays the same.
 */
export async function subjectFor(
  person: { readonly user: User; readonly issuer: string; readonly known: NameId | undefined },
  partner: ServiceProvider,
  policy: NamePolicy,
  pairwise: CryptoKey,
): Promise<NameId | undefined> {
  const { user, issuer, known } = person
  // Names for the members of an affiliation are not ours to give.
  if (policy.spNameQualifier !== undefined && policy.spNameQualifier !== partner.entityId) return undefined
  const format = policy.format ?? partner.nameIdFormat
  const qualifiers = { nameQualifier: issuer, spNameQualifier: partner.entityId }
  switch (format) {
    case nameIdFormats.persistent:
      if (!policy.allowCreate && known?.format !== format) return undefined
      return { value: await pairwiseSubject(pairwise, 'saml', partner.entityId, user.sub), format, ...qualifiers }
    case nameIdFormats.transient:
      return { value: newId(), format, ...qualifiers }
    case nameIdFormats.emailAddress:
      return named(provenAddress(user), format)
    case nameIdFormats.unspecified:
      return named(user.username ?? provenAddress(user), format)
    default:
      return undefined
  }
}

function named(value: string | undefined, format: string): NameId | undefined {
  return value === undefined ? undefined : { value, format }
}

/** Partners open the account of whoever has an address, so they are told of none that is not proven. */
function provenAddress({ email, emailVerified }: User): string | undefined {
  return emailVerified && email !== '' ? email : undefined
}
