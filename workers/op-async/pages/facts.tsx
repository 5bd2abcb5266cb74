import type { FC } from 'hono/jsx'
import type { AskRequest } from '../../../shared/protocol/ask.ts'
import type { Frame } from './frame.ts'

/** When and from where a request came. */
export const Facts: FC<{ frame: Frame; request: AskRequest }> = ({ frame, request }) => {
  const words = frame.messages.facts
  const place = placeName(frame.locale, request.country) ?? words.unknownPlace
  return (
    <dl class="facts">
      <dt>{words.asked}</dt>
      <dd>
        <Time frame={frame} seconds={request.askedAt} />
      </dd>
      <dt>{words.from}</dt>
      <dd>
        <bdi>{place}</bdi>
        {request.address !== undefined && (
          <>
            {' '}
            <bdi class="muted">{request.address}</bdi>
          </>
        )}
      </dd>
    </dl>
  )
}

/** A moment as the reader writes it. */
export const Time: FC<{ frame: Frame; seconds: number }> = ({ frame, seconds }) => {
  const date = new Date(seconds * 1000)
  const format = new Intl.DateTimeFormat(frame.locale, {
    dateStyle: 'medium',
    timeStyle: 'long',
    timeZone: frame.timeZone ?? 'UTC',
  })
  return (
    <time datetime={date.toISOString()} dir="auto">
      {format.format(date)}
    </time>
  )
}

/** The name of a country; Cloudflare has `XX` for what it does not know and `T1` for Tor. */
function placeName(locale: string, country: string | undefined): string | undefined {
  if (country === undefined || !/^[A-Z]{2}$/.test(country) || country === 'XX') return undefined
  return new Intl.DisplayNames([locale], { type: 'region' }).of(country)
}
