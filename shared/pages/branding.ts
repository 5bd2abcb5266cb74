import { contrast, minimumContrast, textOnAccent } from '../config/accent.ts'

/** How the operator looks on the pages. */
export interface Branding {
  readonly name: string
  /** `#rrggbb`; anything else is replaced by the default. */
  readonly accent: string
  /** A `data:` URL of an image, or a path on this origin. */
  readonly logo?: string
}

/** The operator's looks from their configuration; a name and the default accent where it says nothing. */
export function brandingOf(text: string | undefined): Branding {
  const given: Partial<Branding> = text ? JSON.parse(text) : {}
  return { name: 'authrim', accent: defaultAccent, ...given }
}

/** The surfaces on which the accent is read as text; styles.ts uses the same. */
export const surfaces = { light: '#ffffff', dark: '#16191f' } as const

const defaultAccent = '#1d4ed8'

/** A non-text part of the page needs this contrast to what is beside it (WCAG 2.2 §1.4.11). */
const partContrast = 3

/**
 * The custom properties that carry the operator's accent: `--accent` for filled buttons, `--accent-text` on them,
 * `--accent-hover`, and `--accent-ink` for links and the focus ring, which must be read on the page itself.
 */
export function accentProperties(branding: Branding, scheme: keyof typeof surfaces): string {
  const surface = surfaces[scheme]
  const away = scheme === 'light' ? 0 : 255
  const chosen = accentOf(branding)
  const accent = scheme === 'dark' ? visibleInTheDark(chosen) : chosen
  const text = textOnAccent(accent)
  const readable = until(accent, text === '#ffffff' ? 0 : 255, (colour) => contrast(colour, text) >= minimumContrast)
  const ink = until(accent, away, (colour) => contrast(colour, surface) >= minimumContrast + 0.5)
  const hover = mix(readable, text === '#ffffff' ? 0 : 255, 0.14)
  return `--accent:${readable};--accent-text:${text};--accent-hover:${hover};--accent-ink:${ink}`
}

/** The accent to paint with: the operator's when it is a colour and nothing else, since it is written into CSS. */
export function accentOf({ accent }: Branding): string {
  return /^#[0-9a-f]{6}$/i.test(accent) ? accent.toLowerCase() : defaultAccent
}

/** A dark accent would drown in the dark page. A bright one on the light page keeps its edge from --accent-ink. */
function visibleInTheDark(colour: string): string {
  const stands = (candidate: string) => contrast(candidate, surfaces.dark) >= partContrast
  // Half-way grey looks disabled, so what is nearly black becomes nearly white.
  return !stands(colour) && isNeutral(colour) ? mix(colour, 255, 0.9) : until(colour, 255, stands)
}

function isNeutral(colour: string): boolean {
  const channels = channelsOf(colour)
  return Math.max(...channels) - Math.min(...channels) <= 40
}

function until(colour: string, target: 0 | 255, holds: (colour: string) => boolean): string {
  for (let share = 0; share < 1; share += 0.04) {
    const candidate = mix(colour, target, share)
    if (holds(candidate)) return candidate
  }
  return mix(colour, target, 1)
}

function mix(colour: string, target: 0 | 255, share: number): string {
  const mixed = channelsOf(colour).map((channel) => Math.round(channel + (target - channel) * share))
  return `#${mixed.map((channel) => channel.toString(16).padStart(2, '0')).join('')}`
}

function channelsOf(colour: string): number[] {
  return [1, 3, 5].map((start) => Number.parseInt(colour.slice(start, start + 2), 16))
}
