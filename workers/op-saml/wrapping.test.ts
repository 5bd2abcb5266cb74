import { DOMParser, XMLSerializer } from '@xmldom/xmldom'
import type { Document, Element } from './xml/types/xmldom.d.ts'
import { expect, test } from 'vitest'
import { believed, peerResponse } from './testing/peer.ts'

/** A document under an attacker's hands: the partner signed it, everything else is theirs. */
class Wrapped {
  readonly document: Document

  constructor(xml: string) {
    this.document = new DOMParser().parseFromString(xml, 'text/xml')
  }

  get response(): Element {
    const root = this.document.documentElement
    if (!root) throw new Error('no element')
    return root
  }

  get assertion(): Element {
    return this.first('Assertion')
  }

  get signature(): Element {
    return this.first('Signature')
  }

  first(name: string): Element {
    const [found] = Array.from(this.document.getElementsByTagNameNS('*', name))
    if (!found) throw new Error(`no ${name}`)
    return found
  }

  /** A copy that says what the attacker wants, without the signature of the original. */
  evil(element: Element, id: string): Element {
    const copy = element.cloneNode(true)
    copy.setAttribute('ID', id)
    for (const signature of Array.from(copy.getElementsByTagNameNS('*', 'Signature')))
      if (signature.parentNode === copy) copy.removeChild(signature)
    for (const name of Array.from(copy.getElementsByTagNameNS('*', 'NameID'))) name.textContent = 'eve@example.com'
    return copy
  }

  /** The original without its signature, which was taken out and is used elsewhere. */
  bare(element: Element): Element {
    const copy = element.cloneNode(true)
    const [signature] = Array.from(copy.getElementsByTagNameNS('*', 'Signature'))
    if (signature?.parentNode === copy) copy.removeChild(signature)
    return copy
  }

  object(content: Element): Element {
    const object = this.document.createElementNS('http://www.w3.org/2000/09/xmldsig#', 'ds:Object')
    object.appendChild(content)
    return object
  }

  toString(): string {
    return new XMLSerializer().serializeToString(this.document)
  }
}

const wrappedResponse = async () => new Wrapped(await peerResponse({ signAssertion: false, signResponse: true }))
const wrappedAssertion = async () => new Wrapped(await peerResponse())

/** The eight published forms ("On Breaking SAML", USENIX Security 2012). */
const forms: Readonly<Record<string, () => Promise<Wrapped>>> = {
  'XSW1 the original response inside of the signature of a forged one': async () => {
    const wrapped = await wrappedResponse()
    const { response, signature } = wrapped
    const [evil, bare] = [wrapped.evil(response, '_evil'), wrapped.bare(response)]
    signature.appendChild(bare)
    evil.insertBefore(signature, evil.childNodes[1] ?? null)
    wrapped.document.replaceChild(evil, response)
    return wrapped
  },
  'XSW2 the original response beside the signature in a forged one': async () => {
    const wrapped = await wrappedResponse()
    const { response, signature } = wrapped
    const [evil, bare] = [wrapped.evil(response, '_evil'), wrapped.bare(response)]
    evil.insertBefore(bare, evil.childNodes[1] ?? null)
    evil.insertBefore(signature, bare)
    wrapped.document.replaceChild(evil, response)
    return wrapped
  },
  'XSW3 a forged assertion before the original': async () => {
    const wrapped = await wrappedAssertion()
    wrapped.response.insertBefore(wrapped.evil(wrapped.assertion, '_evil'), wrapped.assertion)
    return wrapped
  },
  'XSW4 the original inside of a forged assertion': async () => {
    const wrapped = await wrappedAssertion()
    const { response, assertion } = wrapped
    const evil = wrapped.evil(assertion, '_evil')
    response.replaceChild(evil, assertion)
    evil.appendChild(assertion)
    return wrapped
  },
  'XSW5 the signature moved to a forged assertion, the original after it': async () => {
    const wrapped = await wrappedAssertion()
    const { response, assertion, signature } = wrapped
    const [evil, bare] = [wrapped.evil(assertion, '_evil'), wrapped.bare(assertion)]
    evil.insertBefore(signature, evil.childNodes[1] ?? null)
    response.replaceChild(evil, assertion)
    response.appendChild(bare)
    return wrapped
  },
  'XSW6 the original inside of the signature of a forged assertion': async () => {
    const wrapped = await wrappedAssertion()
    const { response, assertion, signature } = wrapped
    const [evil, bare] = [wrapped.evil(assertion, '_evil'), wrapped.bare(assertion)]
    signature.appendChild(bare)
    evil.insertBefore(signature, evil.childNodes[1] ?? null)
    response.replaceChild(evil, assertion)
    return wrapped
  },
  'XSW7 a forged assertion of the same ID in Extensions': async () => {
    const wrapped = await wrappedAssertion()
    const extensions = wrapped.document.createElementNS('urn:oasis:names:tc:SAML:2.0:protocol', 'samlp:Extensions')
    extensions.appendChild(wrapped.evil(wrapped.assertion, '_assertion'))
    wrapped.response.insertBefore(extensions, wrapped.assertion)
    return wrapped
  },
  'XSW8 the original in an Object of the signature of a forged assertion': async () => {
    const wrapped = await wrappedAssertion()
    const { response, assertion, signature } = wrapped
    const [evil, bare] = [wrapped.evil(assertion, '_assertion'), wrapped.bare(assertion)]
    signature.appendChild(wrapped.object(bare))
    evil.insertBefore(signature, evil.childNodes[1] ?? null)
    response.replaceChild(evil, assertion)
    return wrapped
  },
}

test('SML-01 what nobody touched is believed, whichever part is signed', async () => {
  expect(await believed((await wrappedResponse()).toString())).toBe('ada@example.com')
  expect(await believed((await wrappedAssertion()).toString())).toBe('ada@example.com')
  expect(await believed(await peerResponse({ signResponse: true }))).toBe('ada@example.com')
})

test.for(Object.entries(forms))('SML-01 attack M1 %s', async ([, forge]) => {
  const wrapped = String(await forge())
  expect(wrapped).toContain('eve@example.com')
  await expect(believed(wrapped)).rejects.toMatchObject({ code: 'invalid_request' })
})

test('SML-01 attack M1 the forms with the ID of the original on the forged element as well', async () => {
  for (const forge of Object.values(forms)) {
    const wrapped = String(await forge()).replaceAll('"_evil"', '"_assertion"')
    await expect(believed(wrapped)).rejects.toMatchObject({ code: 'invalid_request' })
  }
})

test('SML-01 attack M1 an ID that only some readers take for one', async () => {
  for (const attribute of ['Id="_assertion"', 'id="_assertion"', 'xml:id="_assertion"']) {
    const xml = (await peerResponse()).replace('<samlp:Status>', `<samlp:Status ${attribute}>`)
    await expect(believed(xml)).rejects.toMatchObject({ code: 'invalid_request' })
  }
})
