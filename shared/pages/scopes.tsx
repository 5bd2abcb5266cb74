import type { FC } from 'hono/jsx'
import type { CommonWords } from './words.ts'

interface ScopeProps {
  readonly messages: CommonWords
  readonly scope: string
}

/** A scope in plain words; one that nobody described is shown as itself. */
export const ScopeWords: FC<ScopeProps> = ({ messages, scope }) => {
  const known = describe(messages, scope)
  if (known) return <>{known[0]}</>
  return (
    <>
      {messages.unknownScope(
        <code>
          <bdi>{scope}</bdi>
        </code>,
      )}
    </>
  )
}

/** What a scope means beyond its name. */
export const ScopeDetail: FC<ScopeProps> = ({ messages, scope }) => {
  const detail = describe(messages, scope)?.[1]
  return detail ? <p class="hint">{detail}</p> : null
}

function describe({ scopes }: CommonWords, scope: string) {
  return Object.hasOwn(scopes, scope) ? scopes[scope] : undefined
}
