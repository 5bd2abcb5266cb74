import type { FC } from 'hono/jsx'
import type { AskRequest } from '../../../shared/protocol/ask.ts'
import { ScopeDetail, ScopeWords } from '../../../shared/pages/scopes.tsx'
import type { Frame } from './frame.ts'

/** What a request is for, a line for each scope and resource. */
export const Asked: FC<{ frame: Frame; request: AskRequest }> = ({ frame, request }) => (
  <ul class="asks">
    {request.scope.map((scope) => (
      <li>
        <ScopeWords messages={frame.messages} scope={scope} />
        <ScopeDetail messages={frame.messages} scope={scope} />
      </li>
    ))}
    {request.resources.map((resource) => (
      <li>
        {frame.messages.use(
          <code>
            <bdi>{resource}</bdi>
          </code>,
        )}
      </li>
    ))}
  </ul>
)
