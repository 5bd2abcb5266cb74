import type { Element } from './xml/types/xmldom.d.ts'
import { invalidRequest } from '../../shared/protocol/error.ts'
import { type Unwrap, decryptElement } from './encryption.ts'
import { checkEnvelope, readEnvelope } from './envelope.ts'
import { type Expectation, type ReceivedAssertion, readAssertion } from './received-assertion.ts'
import { refuseOtherSignatures, verifySigned } from './signature.ts'
import { type Status, readStatus } from './status.ts'
import { ns } from './xml/namespaces.ts'
import { parseXml } from './xml/parse.ts'
import { childrenOf, isNamed } from './xml/read.ts'

export interface ResponseExpectation extends Expectation {
  /** Certificates of the identity provider, from its metadata. */
  readonly certificates: readonly string[]
  /** Opens what was encrypted for us. */
  readonly unwrap: Unwrap | undefined
}

export type ReceivedResponse = { readonly assertion: ReceivedAssertion } | { readonly refused: Status }

/**
 * Reads a response that came to our consumer service (Profiles §4.1.4.3): signatures first, then every check, and
 * only from what was signed. The caller still has to claim the response's and the assertion's id.
 * @throws OAuthError invalid_request for everything that may not be believed.
 */
export async function readResponse(root: Element, expected: ResponseExpectation): Promise<ReceivedResponse> {
  const plain = childrenOf(root, ns.assertion, 'Assertion')
  refuseOtherSignatures(root, [root, ...plain])
  const whole = await verifySigned(root, root, expected.certificates)
  const response = whole ?? root
  checkResponse(response, expected, whole !== undefined)
  const status = readStatus(response)
  if (status.top !== 'Success') return { refused: status }
  const encrypted = childrenOf(response, ns.assertion, 'EncryptedAssertion')
  if (plain.length + encrypted.length !== 1) throw invalidRequest('exactly one assertion is expected')
  const assertion = encrypted[0]
    ? await decrypted(encrypted[0], whole !== undefined, expected)
    : await verifiedAssertion(response, whole !== undefined, expected)
  return { assertion: readAssertion(assertion, expected) }
}

/** The one assertion in a response: signed itself, or within a signed response. If both, both count. */
async function verifiedAssertion(
  response: Element,
  isWhole: boolean,
  { certificates }: ResponseExpectation,
): Promise<Element> {
  const [assertion] = childrenOf(response, ns.assertion, 'Assertion')
  if (!assertion) throw invalidRequest('exactly one assertion is expected')
  const verified = await verifySigned(response, assertion, certificates)
  if (!verified && !isWhole) throw invalidRequest('the assertion is not signed')
  return verified ?? assertion
}

/** Anybody can encrypt for us: what was inside counts if it is signed, or if the signed response contained it. */
async function decrypted(encrypted: Element, isWhole: boolean, expected: ResponseExpectation): Promise<Element> {
  if (!expected.unwrap) throw invalidRequest('an encrypted assertion is not expected')
  const inner = parseXml(await decryptElement(encrypted, expected.unwrap))
  if (!isNamed(inner, ns.assertion, 'Assertion')) throw invalidRequest('an assertion is expected')
  refuseOtherSignatures(inner, [inner])
  const verified = await verifySigned(inner, inner, expected.certificates)
  if (!verified && !isWhole) throw invalidRequest('the assertion is not signed')
  return verified ?? inner
}

function checkResponse(response: Element, expected: ResponseExpectation, isSigned: boolean): void {
  const envelope = readEnvelope(response, 'Response')
  checkEnvelope(envelope, { addresses: [expected.recipient], isSigned, now: expected.now })
  if (envelope.issuer !== undefined && envelope.issuer !== expected.issuer)
    throw invalidRequest('Issuer is another identity provider', envelope.issuer)
  // Of a response that answers nothing, nothing is said here (Profiles §4.1.5).
  if (envelope.inResponseTo !== expected.requestId) throw invalidRequest('InResponseTo is another request')
}
