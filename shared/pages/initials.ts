/** One or two letters that stand for a name where there is no picture. */
export function initials(name: string): string {
  const words = name.split(/[\s\p{P}\p{S}\p{C}]+/u).filter((word) => word !== '')
  const outer = words.length > 1 ? [words.at(0), words.at(-1)] : [words.at(0) ?? '?']
  return outer
    .map((word = '') => firstLetter(word))
    .join('')
    .toLocaleUpperCase('en')
}

function firstLetter(word: string): string {
  return [...word][0] ?? ''
}
