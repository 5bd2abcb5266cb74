import fc from 'fast-check'

/** Any character of Unicode; fast-check's own `binary` first takes half a second to list them all. */
const character = fc
  .oneof(fc.integer({ min: 0, max: 0xd7ff }), fc.integer({ min: 0xe000, max: 0x10ffff }))
  .map((codePoint) => String.fromCodePoint(codePoint))

/** Text with control characters, unassigned ones, and those beyond 16 bits. */
export const anyText = fc.string({ unit: character })
