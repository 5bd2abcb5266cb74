import autoSubmitScript from './auto-submit.client.js'
import { accentProperties, type Branding } from './branding.ts'
import passwordScript from './password.client.js'
import { styles } from './styles.ts'

/** A file that pages refer to. Its name changes with its content, so that it may be cached for a year. */
export interface Asset {
  readonly path: string
  readonly contentType: string
  readonly body: string
}

const javaScript = 'text/javascript; charset=utf-8'

export const passwordAsset = asset('password', 'js', javaScript, passwordScript)
export const autoSubmitAsset = asset('auto-submit', 'js', javaScript, autoSubmitScript)

const stylesHash = fingerprint(styles)

/** The whole stylesheet with the operator's accent in it: a page needs one request for its looks. */
export function brandStylesheet(branding: Branding): Asset {
  const light = accentProperties(branding, 'light')
  const dark = accentProperties(branding, 'dark')
  const accent = `:root{${light}}@media (prefers-color-scheme:dark){:root{${dark}}}`
  return {
    path: `/assets/brand.${fingerprint(stylesHash + accent)}.css`,
    contentType: 'text/css; charset=utf-8',
    body: accent + styles,
  }
}

/** The file at a path, if there is one. */
export function findAsset(path: string, branding: Branding): Asset | undefined {
  return [brandStylesheet(branding), passwordAsset, autoSubmitAsset].find((candidate) => candidate.path === path)
}

function asset(name: string, extension: string, contentType: string, body: string): Asset {
  return { path: `/assets/${name}.${fingerprint(body)}.${extension}`, contentType, body }
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
