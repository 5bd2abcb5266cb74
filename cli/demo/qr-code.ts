import { raw } from 'hono/html'
import { renderSVG } from 'uqr'

/** A text as a QR code in SVG, dark on light in every colour scheme, with the four modules of margin that scanners need. */
export function qrCode(text: string): ReturnType<typeof raw> {
  return raw(renderSVG(text, { ecc: 'M', border: 4 }))
}
