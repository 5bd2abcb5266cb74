/**
 * The part of DER (X.690) that a self-signed certificate needs. Every function answers one whole element: tag, length,
 * contents.
 */
export type Der = Uint8Array<ArrayBuffer>

export function sequence(...elements: readonly Uint8Array[]): Der {
  return element(0x30, concatenated(elements))
}

export function set(...elements: readonly Uint8Array[]): Der {
  return element(0x31, concatenated(elements))
}

/** A number that is not negative, given as octets in network order. */
export function integer(octets: Uint8Array): Der {
  const start = octets.findIndex((octet) => octet !== 0)
  const shortest = start < 0 ? new Uint8Array(1) : octets.subarray(start)
  const isHigh = (shortest[0] ?? 0) >= 0x80
  return element(0x02, isHigh ? concatenated([new Uint8Array(1), shortest]) : shortest)
}

export function boolean(value: boolean): Der {
  return element(0x01, Uint8Array.of(value ? 0xff : 0))
}

export function nothing(): Der {
  return element(0x05, new Uint8Array())
}

/** `1.2.840.113549.1.1.11` */
export function objectIdentifier(text: string): Der {
  const [first = 0, second = 0, ...others] = text.split('.').map(Number)
  return element(0x06, Uint8Array.from([first * 40 + second, ...others].flatMap(base128)))
}

export function utf8String(text: string): Der {
  return element(0x0c, new TextEncoder().encode(text))
}

export function octetString(octets: Uint8Array): Der {
  return element(0x04, octets)
}

/** @param unused how many of the last bits do not count. */
export function bitString(octets: Uint8Array, unused = 0): Der {
  return element(0x03, concatenated([Uint8Array.of(unused), octets]))
}

/** A constructed element with a context tag, such as `[3]`. */
export function tagged(number: number, ...elements: readonly Uint8Array[]): Der {
  return element(0xa0 + number, concatenated(elements))
}

/** Seconds since the epoch; UTCTime up to 2049 and GeneralizedTime after, as RFC 5280 §4.1.2.5 asks. */
export function time(seconds: number): Der {
  const digits = new Date(seconds * 1000).toISOString().replaceAll(/[-:T]|\.\d+/g, '')
  const isShort = Number(digits.slice(0, 4)) < 2050
  return element(isShort ? 0x17 : 0x18, new TextEncoder().encode(isShort ? digits.slice(2) : digits))
}

function element(tag: number, contents: Uint8Array): Der {
  return concatenated([Uint8Array.of(tag, ...lengthOf(contents.length)), contents])
}

function lengthOf(length: number): number[] {
  if (length < 0x80) return [length]
  const octets: number[] = []
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) octets.unshift(rest % 256)
  return [0x80 + octets.length, ...octets]
}

function base128(value: number): number[] {
  const octets = [value % 128]
  for (let rest = Math.floor(value / 128); rest > 0; rest = Math.floor(rest / 128)) octets.unshift(0x80 + (rest % 128))
  return octets
}

function concatenated(parts: readonly Uint8Array[]): Der {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0))
  let offset = 0
  for (const part of parts) {
    whole.set(part, offset)
    offset += part.length
  }
  return whole
}
