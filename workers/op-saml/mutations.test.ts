import { DOMParser, XMLSerializer } from '@xmldom/xmldom'
import type { Document, Element, Node } from './xml/types/xmldom.d.ts'
import { expect, test } from 'vitest'
import { OAuthError } from '../../shared/protocol/error.ts'
import { peerResponse, receive, signerOf } from './testing/peer.ts'
import { Random } from './testing/random.ts'

/** How long each kind of document is mutated; the first of them are the same at each run. Milliseconds. */
const patience = 1000
const atLeast = 300

const pieces = [
  '<!-- -->',
  '<![CDATA[eve]]>',
  'eve@example.com',
  '<?x?>',
  '&#101;',
  '&lt;',
  '<a/>',
  ' ',
  '\r\n',
  '\u2028',
  'ID="_assertion"',
  '<saml:NameID xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion">eve</saml:NameID>',
  ' xmlns="urn:x"',
  ' xmlns:saml="urn:x"',
]

/** Changes characters: whatever a proxy, a pen or a bad library may do. */
function scribble(xml: string, random: Random): string {
  const at = random.below(xml.length)
  switch (random.below(5)) {
    case 0:
      return xml.slice(0, at) + random.of(pieces) + xml.slice(at)
    case 1:
      return xml.slice(0, at) + xml.slice(at + 1 + random.below(12))
    case 2:
      return xml.slice(0, at) + String.fromCodePoint(32 + random.below(95)) + xml.slice(at + 1)
    case 3: {
      const end = at + random.below(200)
      return xml.slice(0, end) + xml.slice(at, end) + xml.slice(end)
    }
    default:
      return xml.replaceAll(random.of(['_assertion', '_response', 'ada@example.com', 'staff', 'ds:', 'saml:']), () =>
        random.of(['_assertion', '_response', '_evil', 'eve', '']),
      )
  }
}

/** Changes the tree: what an attacker does who knows how XML signatures are read. */
function rearrange(xml: string, stranger: string, random: Random): string {
  const parser = new DOMParser({ errorHandler: () => undefined, normalizeLineEndings: (text) => text })
  const document = parser.parseFromString(xml, 'text/xml')
  const foreign = parser.parseFromString(stranger, 'text/xml')
  for (let step = 0; step <= random.below(3); step++) {
    const element = random.of(elements(document))
    const target = random.of(elements(document))
    const copy = random.of([element, random.of(elements(foreign))]).cloneNode(true)
    try {
      rearrangeOnce(document, element, target, copy, random)
    } catch {
      // A tree cannot hang in itself.
    }
  }
  return new XMLSerializer().serializeToString(document)
}

function rearrangeOnce(document: Document, element: Element, target: Element, copy: Element, random: Random): void {
  const parent = element.parentNode ?? document
  const ids = ['_assertion', '_response', '_evil']
  switch (random.below(9)) {
    case 0:
      target.insertBefore(copy, target.childNodes[random.below(target.childNodes.length + 1)] ?? null)
      break
    case 1:
      target.appendChild(element)
      break
    case 2:
      parent.removeChild(element)
      break
    case 3:
      parent.replaceChild(copy, element)
      break
    case 4:
      element.textContent = random.of(['eve', 'eve@example.com', '', 'https://evil.example'])
      break
    case 5:
      element.setAttribute(random.of(['ID', 'Id', 'id', 'xml:id', 'URI']), random.of(ids))
      break
    case 6:
      element.insertBefore(document.createComment(' '), element.childNodes[0] ?? null)
      break
    case 7:
      wrap(document, parent, element)
      break
    default:
      disguise(element, random)
  }
}

function wrap(document: Document, parent: Node, element: Element): void {
  const around = document.createElementNS(element.namespaceURI ?? '', element.tagName)
  parent.replaceChild(around, element)
  around.appendChild(element)
}

/** Another value for one of the attributes. */
function disguise(element: Element, random: Random): void {
  const attribute = element.attributes[random.below(element.attributes.length + 1)]
  if (attribute) element.setAttribute(attribute.name, random.of(['eve', '', '_assertion', `${attribute.value}x`]))
}

function elements(document: Document): Element[] {
  return Array.from(document.getElementsByTagNameNS('*', '*'))
}

/** Everything that is believed of a response. */
async function whole(xml: string): Promise<string> {
  const read = await receive(xml)
  if ('refused' in read) return 'refused'
  return JSON.stringify({ ...read.assertion, attributes: [...read.assertion.attributes] })
}

test.for([
  ['a signed assertion', {}],
  ['a signed response', { signAssertion: false, signResponse: true }],
  ['both signed', { signResponse: true }],
] as const)(
  'SML-01 SML-02 attack M1 attack M5 mutations of %s change nothing that is believed',
  { timeout: 20_000 },
  async ([, options]) => {
    const xml = await peerResponse(options)
    const stranger = await peerResponse({
      ...options,
      signer: await signerOf('stranger'),
      assertion: { nameId: { value: 'eve@example.com', format: 'x' }, sessionIndex: '_evil' },
    })
    const honest = await whole(xml)
    const random = new Random(20_261_125)
    const counts = { believed: 0, refused: 0 }
    const ends = performance.now() + patience
    for (let round = 0; round < atLeast || performance.now() < ends; round++) {
      let mutant = xml
      for (let step = 0; step <= random.below(2); step++)
        mutant =
          random.below(2) === 0 ? scribble(mutant, random) : safely(() => rearrange(mutant, stranger, random), mutant)
      try {
        const read = await whole(mutant)
        counts.believed++
        // A status is not part of a signed assertion: taking it away can only turn somebody away.
        if (read !== 'refused') expect(read, mutant).toBe(honest)
      } catch (error) {
        if (!(error instanceof OAuthError)) throw error
        counts.refused++
      }
    }
    // Both have to happen, or the test would show nothing.
    expect(counts.refused).toBeGreaterThan(100)
    expect(counts.believed).toBeGreaterThan(5)
  },
)

function safely(work: () => string, otherwise: string): string {
  try {
    return work()
  } catch {
    return otherwise
  }
}
