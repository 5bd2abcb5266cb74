/**
 * Whether an object in a JSON text names a member twice: parsers disagree about which one counts, so what was checked
 * may not be what another party reads (RFC 8725 §2.4, RFC 7519 §4). Text that is no JSON repeats nothing.
 */
export function repeatsMember(text: string): boolean {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return false
  }
  // In JSON, a string that a colon follows is a member's name, and nothing else is.
  const written = [...text.matchAll(/"(?:[^"\\]|\\.)*"(\s*:)?/g)].filter((match) => match[1] !== undefined).length
  return written !== memberCount(value)
}

function memberCount(value: unknown): number {
  let count = 0
  const waiting = [value]
  while (waiting.length > 0) {
    const next = waiting.pop()
    if (typeof next !== 'object' || next === null) continue
    const members: unknown[] = Object.values(next)
    if (!Array.isArray(next)) count += members.length
    for (const member of members) waiting.push(member)
  }
  return count
}
