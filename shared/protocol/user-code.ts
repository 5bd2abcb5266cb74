/** No vowels, so that no code is a word, and no look-alikes (RFC 8628 §6.1). 20 letters, 34.6 bits in 8. */
const alphabet = 'BCDFGHJKLMNPQRSTVWXZ'

const length = 8

/** A code for a person to type, letters only. */
export function newUserCode(): string {
  let code = ''
  while (code.length < length)
    for (const byte of crypto.getRandomValues(new Uint8Array(length * 2)))
      // Of 256 values the last 16 would make some letters likelier.
      if (byte < 240 && code.length < length) code += alphabet[byte % alphabet.length]
  return code
}

/** The code in what a person typed, whatever the case, dashes and spaces; undefined if there can be none. */
export function typedUserCode(text: string): string | undefined {
  const code = text
    .slice(0, 64)
    .toUpperCase()
    .replaceAll(/[^A-Z0-9]/g, '')
  return code.length === length && [...code].every((letter) => alphabet.includes(letter)) ? code : undefined
}

/** As devices show it: `WDJB-MJHT`. */
export function shownUserCode(code: string): string {
  return `${code.slice(0, length / 2)}-${code.slice(length / 2)}`
}
