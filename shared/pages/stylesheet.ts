import { accentProperties, type Branding } from './branding.ts'
import { type Asset, fingerprint } from './script-asset.ts'
import { styles } from './styles.ts'

const stylesHash = fingerprint(styles)

/** The whole stylesheet with the operator's accent in it: a page needs one request for its looks. */
export function brandStylesheet(folder: string, branding: Branding): Asset {
  const light = accentProperties(branding, 'light')
  const dark = accentProperties(branding, 'dark')
  const accent = `:root{${light}}@media (prefers-color-scheme:dark){:root{${dark}}}`
  const name = fingerprint(stylesHash + accent)
  return { path: `${folder}/brand.${name}.css`, contentType: 'text/css; charset=utf-8', body: accent + styles }
}
