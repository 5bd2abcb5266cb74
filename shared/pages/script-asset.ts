/** A file that pages refer to. Its name changes with its content, so that it may be cached for a year. */
export interface Asset {
  readonly path: string
  readonly contentType: string
  readonly body: string
}

/** A script of pages. */
export function scriptAsset(folder: string, name: string, body: string): Asset {
  return { path: `${folder}/${name}.${fingerprint(body)}.js`, contentType: 'text/javascript; charset=utf-8', body }
}

/** 64 bits of FNV-1a in two lanes: tells versions of a file apart, protects nothing. */
export function fingerprint(text: string): string {
  let [one, other] = [0x811c9dc5, 0x01000193]
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index)
    one = Math.imul(one ^ unit, 0x01000193)
    other = Math.imul(other ^ unit, 0x85ebca6b) + index
  }
  return [one, other].map((lane) => (lane >>> 0).toString(16).padStart(8, '0')).join('')
}
