/** Strings, quoted names, comments, words, semicolons and anything else, so that the whole text is matched. */
const TOKEN =
  /'(?:[^']|'')*'|"(?:[^"]|"")*"|`[^`]*`|\[[^\]]*\]|--[^\n]*|\/\*[\s\S]*?(?:\*\/|$)|[A-Za-z_]\w*|;|\s+|[\s\S]/g

/** Takes SQL apart at the semicolons that end a statement: not those in strings, comments and bodies of triggers. */
export function sqlStatements(sql: string): string[] {
  const statements: string[] = []
  let text = ''
  let words: string[] = []
  let hasCode = false
  let depth = 0
  const end = () => {
    if (hasCode) statements.push(text.trim())
    text = ''
    words = []
    hasCode = false
    depth = 0
  }
  for (const [token] of sql.matchAll(TOKEN)) {
    const word = /^[A-Za-z_]/.test(token) ? token.toUpperCase() : undefined
    if (word && words.length < 3) words.push(word)
    const inTrigger = /^CREATE (?:TEMP |TEMPORARY )?TRIGGER\b/.test(words.join(' '))
    if (inTrigger && (word === 'BEGIN' || word === 'CASE')) depth += 1
    if (inTrigger && word === 'END') depth -= 1
    if (token === ';' && depth <= 0) {
      end()
      continue
    }
    if (!/^(?:\s|--|\/\*)/.test(token)) hasCode = true
    text += token
  }
  end()
  return statements
}
