/** The contrast rule for the operator's accent colour (WCAG 2.2 §1.4.3: text needs 4.5:1). */

export const minimumContrast = 4.5

/** What text on the accent colour may look like. */
const textColours = ['#ffffff', '#111111'] as const

type Rgb = readonly [red: number, green: number, blue: number]

function parse(colour: string): Rgb {
  const value = Number.parseInt(colour.slice(1), 16)
  return [(value >> 16) & 255, (value >> 8) & 255, value & 255]
}

function format(rgb: Rgb): string {
  return `#${rgb.map((channel) => channel.toString(16).padStart(2, '0')).join('')}`
}

/** WCAG relative luminance, 0 (black) to 1 (white). */
function luminance(colour: string): number {
  const [red, green, blue] = parse(colour).map((channel) => {
    const share = channel / 255
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * (red ?? 0) + 0.7152 * (green ?? 0) + 0.0722 * (blue ?? 0)
}

/** WCAG contrast ratio of two `#rrggbb` colours, 1 to 21. */
export function contrast(one: string, other: string): number {
  const [low = 0, high = 0] = [luminance(one), luminance(other)].toSorted((a, b) => a - b)
  return (high + 0.05) / (low + 0.05)
}

/** The text colour that is read best on the accent: white, or near black. */
export function textOnAccent(accent: string): string {
  const [light, dark] = textColours
  return contrast(accent, light) >= contrast(accent, dark) ? light : dark
}

/** True when text on this accent reaches the minimum contrast. */
export function isReadableAccent(accent: string): boolean {
  return contrast(accent, textOnAccent(accent)) >= minimumContrast
}

/** The accent itself where text on it is readable, else the nearest colour towards black or white where it is. */
export function nearestReadableAccent(accent: string): string {
  for (let step = 0; step <= 255; step++) {
    for (const target of [0, 255]) {
      const [red, green, blue] = parse(accent)
      const candidate = format([towards(red, target, step), towards(green, target, step), towards(blue, target, step)])
      if (isReadableAccent(candidate)) return candidate
    }
  }
  return textColours[1]
}

function towards(channel: number, target: number, step: number): number {
  return Math.round(channel + ((target - channel) * step) / 255)
}
