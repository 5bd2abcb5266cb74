import { accentProperties, type Branding } from './branding.ts'
import { styles } from './styles.ts'

/** A file that pages refer to. Its name changes with its content, so that it may be cached for a year. */
export interface Asset {
  readonly path: string
  readonly contentType: string
  readonly body: string
}

const stylesHash = fingerprint(styles)

/** A script of pages. */
export function scriptAsset(folder: string, name: string, body: string): Asset {
  return { path: `${folder}/${name}.${fingerprint(body)}.js`, contentType: 'text/javascript; charset=utf-8', body }
}

/** The whole stylesheet with the operator's accent in it: a page needs one request for its looks. */
export function brandStylesheet(folder: string, branding: Branding): Asset {
  const light = accentProperties(branding, 'light')
  const dark = accentProperties(branding, 'dark')
  const accent = `:root{${light}}@media (prefers-color-scheme:dark){:root{${dark}}}`
  const name = fingerprint(stylesHash + accent)
  return { path: `${folder}/brand.${name}.css`, contentType: 'text/css; charset=utf-8', body: accent + styles }
}

/** 64 bits of FNV-1a in two lanes: tells versions of a file apart, protects nothing. */
function fingerprint(text: string): string {
  let [one, other] = [0x811c9dc5, 0x01000193]
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index)
    one = Math.imul(one ^ unit, 0x01000193)
    other = Math.imul(other ^ unit, 0x85ebca6b) + index
  }
  return [one, other].map((lane) => (lane >>> 0).toString(16).padStart(8, '0')).join('')
}
