import type { FC } from 'hono/jsx'
import { expect, test } from 'vitest'

const text = (element: unknown) => String(element)

test('attack X1 text and attributes are escaped, once', () => {
  const hostile = `"><script>alert('1')</script>&amp;`
  const escaped = '&quot;&gt;&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;&amp;amp;'
  expect(text(<p title={hostile}>{hostile}</p>)).toBe(`<p title="${escaped}">${escaped}</p>`)
  const Inner: FC<{ children?: unknown }> = ({ children }) => <b>{children}</b>
  expect(text(<Inner>{hostile}</Inner>)).toBe(`<b>${escaped}</b>`)
})

test('what is no text is nothing; booleans are attributes or their values', () => {
  expect(
    text(
      <>
        {false}
        {undefined}
        {null}
        {0}
        {['a', <i>b</i>]}
      </>,
    ),
  ).toBe('0a<i>b</i>')
  expect(text(<input required disabled={false} spellcheck={false} aria-invalid={undefined} maxlength={3} />)).toBe(
    '<input required="" spellcheck="false" maxlength="3"/>',
  )
})
