import { knownBrowser, markedBrowser } from '../../shared/http/browser.ts'
import type { StoredInteraction } from '../../shared/http/interactions.ts'
import type { SamlContext } from './deps.ts'

/** The interaction bound to the browser that comes with it first; undefined in any other. */
export async function ofThisBrowser(c: SamlContext, found: StoredInteraction): Promise<StoredInteraction | undefined> {
  const known = await knownBrowser(c)
  if (found.record.browser !== undefined) return found.record.browser === known?.id ? found : undefined
  const browser = known ?? (await markedBrowser(c))
  return c.var.deps.interactions.update(found, { browser: browser.id }, c.var.now)
}
