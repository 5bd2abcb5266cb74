import { type Asset, scriptAsset } from '../../../shared/pages/script-asset.ts'
import { brandStylesheet as stylesheet } from '../../../shared/pages/stylesheet.ts'
import type { Branding } from '../../../shared/pages/branding.ts'
import autoSubmitScript from './auto-submit.client.js'
import passwordScript from './password.client.js'

const folder = '/assets'

export const passwordAsset = scriptAsset(folder, 'password', passwordScript)
export const autoSubmitAsset = scriptAsset(folder, 'auto-submit', autoSubmitScript)

/** The stylesheet of this Worker's pages. */
export function brandStylesheet(branding: Branding): Asset {
  return stylesheet(folder, branding)
}

/** The name under which pages of other Workers, of whatever release, find the stylesheet. */
export const commonStylesheet = `${folder}/brand.css`

/** The file at a path, if there is one. */
export function findAsset(path: string, branding: Branding): Asset | undefined {
  const sheet = brandStylesheet(branding)
  if (path === commonStylesheet) return sheet
  return [sheet, passwordAsset, autoSubmitAsset].find((candidate) => candidate.path === path)
}
