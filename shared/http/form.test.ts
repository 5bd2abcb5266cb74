import { describe, expect, test, vi } from 'vitest'
import { maximumBody, readForm, readJson, readText } from './form.ts'

function post(body: BodyInit | null, type = 'application/x-www-form-urlencoded'): Request {
  return new Request('https://id.example.com/token', {
    method: 'POST',
    headers: { 'content-type': type },
    body,
    // @ts-expect-error Node wants it for streams, and the types of Workers do not know it.
    duplex: 'half',
  })
}

/** A body whose length nobody announced. */
function streamOf(chunks: Iterable<Uint8Array>, onCancel?: () => void): ReadableStream<Uint8Array> {
  const iterator = chunks[Symbol.iterator]()
  return new ReadableStream({
    pull(controller) {
      const { done, value } = iterator.next()
      if (done) controller.close()
      else controller.enqueue(value)
    },
    cancel: () => onCancel?.(),
  })
}

describe('request bodies', () => {
  test('a form is read, whatever parameters its content type has', async () => {
    const params = await readForm(post('a=1&b=%C3%BC+x', 'Application/X-WWW-Form-Urlencoded; charset=UTF-8'))
    expect([params.get('a'), params.get('b')]).toEqual(['1', 'ü x'])
  })

  test.each(['application/json', 'text/plain', 'multipart/form-data; boundary=x'])(
    'TOK-01 %s is no form',
    async (type) => {
      await expect(readForm(post('{}', type))).rejects.toMatchObject({ code: 'invalid_request' })
    },
  )

  test('JSON is read, and anything else refused', async () => {
    expect(await readJson(post('{"a":1}', 'application/json; charset=utf-8'))).toEqual({ a: 1 })
    await expect(readJson(post('{', 'application/json'))).rejects.toMatchObject({ code: 'invalid_request' })
    await expect(readJson(post('{}'))).rejects.toMatchObject({ code: 'invalid_request' })
  })

  test('a body of exactly 64 KiB is read, an octet more is refused', async () => {
    expect(await readText(post('x'.repeat(maximumBody)))).toHaveLength(maximumBody)
    await expect(readText(post('x'.repeat(maximumBody + 1)))).rejects.toMatchObject({ code: 'payload_too_large' })
  })

  test('fault F34 an endless body is left after 64 KiB', async () => {
    let read = 0
    const cancelled = vi.fn()
    const endless = {
      *[Symbol.iterator]() {
        for (;;) {
          read += 4096
          yield new Uint8Array(4096)
        }
      },
    }
    await expect(readText(post(streamOf(endless, cancelled)))).rejects.toMatchObject({ code: 'payload_too_large' })
    expect(read).toBeLessThan(maximumBody + 10 * 4096)
    await vi.waitFor(() => expect(cancelled).toHaveBeenCalled())
  })

  test('fault F35 a body that does not come is given up after ten seconds', async () => {
    vi.useFakeTimers()
    try {
      const reading = readText(post(new ReadableStream({ pull: () => new Promise<void>(() => undefined) })))
      const outcome = reading.catch((error: unknown) => error)
      await vi.advanceTimersByTimeAsync(10_000)
      expect(await outcome).toMatchObject({ code: 'request_timeout' })
    } finally {
      vi.useRealTimers()
    }
  })

  test('a character that is split between chunks stays whole', async () => {
    const [first = 0, second = 0] = new TextEncoder().encode('ü')
    expect(await readText(post(streamOf([new Uint8Array([first]), new Uint8Array([second])])))).toBe('ü')
  })
})
