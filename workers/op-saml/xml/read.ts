import type { Attr, Element, Node, Text } from './types/xmldom.d.ts'
import { invalidRequest } from '../../../shared/protocol/error.ts'

const elementNode = 1
const textNode = 3
const cdataNode = 4
const commentNode = 8

/** The children that are elements. */
export function elementsOf(element: Element): Element[] {
  return nodesOf(element).filter(isElement)
}

/** The child elements of this name. */
export function childrenOf(element: Element, namespace: string, name: string): Element[] {
  return elementsOf(element).filter((child) => isNamed(child, namespace, name))
}

/**
 * The one child of this name, or undefined.
 * @throws OAuthError invalid_request when there are two: nobody knows which of them counts.
 */
export function childOf(element: Element, namespace: string, name: string): Element | undefined {
  const [found, second] = childrenOf(element, namespace, name)
  if (second) throw invalidRequest(`${name} occurs twice`)
  return found
}

/** @throws OAuthError invalid_request */
export function requiredChild(element: Element, namespace: string, name: string): Element {
  const found = childOf(element, namespace, name)
  if (!found) throw invalidRequest(`${name} is missing`)
  return found
}

export function isNamed(element: Element, namespace: string, name: string): boolean {
  return element.namespaceURI === namespace && element.localName === name
}

/** This element and all below it, in document order. */
export function* descendantsOf(element: Element): Generator<Element> {
  yield element
  for (const child of elementsOf(element)) yield* descendantsOf(child)
}

export function attributesOf(element: Element): Attr[] {
  return Array.from({ length: element.attributes.length }, (_, index) => element.attributes[index]).filter(
    (attribute) => attribute !== undefined,
  )
}

/** An attribute without a namespace, which all of SAML's are. */
export function attributeOf(element: Element, name: string): string | undefined {
  return attributesOf(element).find((attribute) => attribute.name === name)?.value
}

/** @throws OAuthError invalid_request */
export function requiredAttribute(element: Element, name: string): string {
  const value = attributeOf(element, name)
  if (value === undefined || value === '') throw invalidRequest(`${name} is missing`)
  return value
}

/**
 * The whole text of an element that holds nothing else. Comments stand for nothing: what is on both sides of one is
 * one text, as it is for the signature, and is never cut at it.
 * @throws OAuthError invalid_request when there are elements in it.
 */
export function textOf(element: Element): string {
  let text = ''
  for (const node of nodesOf(element)) {
    if (isText(node)) text += node.data
    else if (node.nodeType !== commentNode) throw invalidRequest(`${element.localName} holds more than text`)
  }
  return text
}

/** The text of an element whose type disregards white space around it: addresses, names, octets in base64. */
export function tokenOf(element: Element): string {
  return textOf(element).trim()
}

/**
 * The text of an element whose white space counts.
 * @throws OAuthError invalid_request when it is empty.
 */
export function requiredText(element: Element): string {
  const text = textOf(element)
  if (text.trim() === '') throw invalidRequest(`${element.localName} is empty`)
  return text
}

/** The text of the one child of this name, without white space around it; undefined when absent or empty. */
export function childToken(element: Element, namespace: string, name: string): string | undefined {
  const child = childOf(element, namespace, name)
  return (child && tokenOf(child)) || undefined
}

/** Whether there is a comment anywhere in it. */
export function hasComment(element: Element): boolean {
  return nodesOf(element).some((node) => node.nodeType === commentNode || (isElement(node) && hasComment(node)))
}

function nodesOf(element: Element): Node[] {
  return Array.from({ length: element.childNodes.length }, (_, index) => element.childNodes[index]).filter(
    (node) => node !== undefined,
  )
}

function isElement(node: Node): node is Element {
  return node.nodeType === elementNode
}

function isText(node: Node): node is Text {
  return node.nodeType === textNode || node.nodeType === cdataNode
}
