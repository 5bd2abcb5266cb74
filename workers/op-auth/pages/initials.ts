/** One or two letters that stand for a name where there is no picture. */
export function initials(name: string): string {
  const words = name.split(/[\s\p{P}\p{S}\p{C}]+/u).filter((word) => word !== '')
  const [first = '?', last] = [words[0], words.length > 1 ? words.at(-1) : undefined]
  return (firstLetter(first) + (last === undefined ? '' : firstLetter(last))).toLocaleUpperCase('en')
}

function firstLetter(word: string): string {
  return [...word][0] ?? ''
}
