import * as v from 'valibot'
import { workerNames, workerTopology } from '../topology.ts'
import { isReadableAccent, nearestReadableAccent } from './accent.ts'
import { isHostName, isIssuer, isLoopbackHost, issuerForm } from './issuer.ts'

const DAY = 86_400

/** Names stand in file paths, script names and resource names, so their alphabet is small. */
export const nameForm = 'a name of 1 to 31 lower-case letters, digits and single hyphens that starts with a letter'

/** True for a name that is safe in paths, script names and resource names. */
export function isSafeName(name: string): boolean {
  return name.length <= 31 && /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(name)
}

export const Name = text(nameForm, isSafeName)

/** Text that satisfies a rule; the form is what the operator is told. */
function text(form: string, accepts: (value: string) => boolean) {
  return v.pipe(v.string(form), v.check(accepts, form))
}

function wholeNumber(form: string, from: number, to: number) {
  const message = `a whole number from ${from} to ${to}${form}`
  return v.pipe(v.number(message), v.integer(message), v.minValue(from, message), v.maxValue(to, message))
}

function seconds(from: number, to: number, fallback: number) {
  return v.optional(wholeNumber(' (seconds)', from, to), fallback)
}

const oneOf = (values: readonly string[]) => values.map((value) => JSON.stringify(value)).join(', ')

function isPlainObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** An object with these members and no other. */
export function members<const Entries extends v.ObjectEntries>(
  entries: Entries,
  required: Record<string, string> = {},
) {
  const form = `an object with the members ${Object.keys(entries).join(', ') || '(none in this release)'}`
  return v.pipe(
    v.custom<Record<string, unknown>>(isPlainObject, form),
    v.strictObject(entries, ({ expected, path }) => {
      if (expected === 'never') return `no such member; ${form}`
      return required[String(path?.at(-1)?.key)] ?? form
    }),
  )
}

/** An object whose members are named by a rule. */
export function dictionary<
  const Key extends v.BaseSchema<string, string, v.BaseIssue<unknown>>,
  const Value extends v.BaseSchema<unknown, unknown, v.BaseIssue<unknown>>,
>(form: string, key: Key, value: Value) {
  return v.pipe(v.custom<Record<string, unknown>>(isPlainObject, form), v.record(key, value, form))
}

const rateBindings = workerNames.flatMap((worker) => workerTopology(worker).rateLimits.map(({ binding }) => binding))
const locations = ['wnam', 'enam', 'weur', 'eeur', 'apac', 'oc'] as const
const registrations = ['closed', 'token', 'open'] as const
const locationForm = `one of ${oneOf(locations)}`
const registrationForm = `one of ${oneOf(registrations)}`

const logoForm =
  'a data: URL of a PNG, JPEG, WebP or SVG image, base64, at most 4096 characters (the pages load nothing from elsewhere)'

const Accent = v.pipe(
  text('a colour as #rrggbb', (value) => /^#[0-9a-f]{6}$/i.test(value)),
  v.check(isReadableAccent, ({ input }) => {
    return `a colour on which text has a contrast of 4.5:1; the nearest is ${nearestReadableAccent(input)}`
  }),
)

const Branding = members({
  name: v.exactOptional(
    text('1 to 60 printable characters', (value) => value.length <= 60 && /^\P{C}*[^\p{C}\s]\P{C}*$/u.test(value)),
  ),
  accent: v.optional(Accent, '#1d4ed8'),
  logo: v.exactOptional(
    text(
      logoForm,
      (value) =>
        value.length <= 4096 && /^data:image\/(png|jpeg|webp|svg\+xml);base64,[A-Za-z0-9+/]+={0,2}$/.test(value),
    ),
  ),
})

const webhookForm = 'an https address without credentials and fragment (on this machine also http://127.0.0.1:<port>/…)'

function isWebhook(value: string): boolean {
  const url = URL.parse(value)
  if (!url || value.length > 2048 || url.username !== '' || url.password !== '' || url.hash !== '') return false
  return url.protocol === 'https:' || (url.protocol === 'http:' && isLoopbackHost(url.hostname))
}

const period = v.picklist([10, 60], '10 or 60 (seconds)')

/** One environment as authrim.json has it, defaults filled in. */
export const EnvironmentSchema = members(
  {
    issuer: text(issuerForm, isIssuer),
    accountId: v.exactOptional(text('32 hexadecimal digits', (value) => /^[0-9a-f]{32}$/.test(value))),
    zone: v.exactOptional(text('a domain of the account, such as example.com', isHostName)),
    location: v.exactOptional(v.picklist(locations, locationForm)),
    // RFC 6749 §4.1.2: ten minutes at most; a minute is enough for a redirect.
    codeTtl: seconds(1, 600, 60),
    accessTokenTtl: seconds(1, DAY, 600),
    idTokenTtl: seconds(1, DAY, 3600),
    refreshTokenTtl: seconds(1, 400 * DAY, 30 * DAY),
    sessionTtl: seconds(1, 90 * DAY, DAY / 2),
    // RFC 9126 §2.2 suggests 600 seconds at most.
    parTtl: seconds(1, 600, 60),
    registration: v.optional(v.picklist(registrations, registrationForm), 'closed'),
    features: v.optional(members({}), {}),
    approvals: v.optional(
      members({
        // Where the operator's own system learns of requests that wait for a person.
        webhook: v.exactOptional(text(webhookForm, isWebhook)),
        // Whether operators may decide in a person's place, for support desks.
        supportDecisions: v.optional(v.boolean('true or false'), false),
      }),
      {},
    ),
    branding: v.optional(Branding, {}),
    rateLimits: v.optional(
      dictionary(
        `an object with members among ${oneOf(rateBindings)}`,
        text(`one of ${oneOf(rateBindings)}`, (binding) => rateBindings.includes(binding)),
        members(
          { limit: wholeNumber(' (calls)', 1, 1_000_000), period: v.exactOptional(period) },
          { limit: 'a whole number from 1 to 1000000 (calls)' },
        ),
      ),
      {},
    ),
    vars: v.optional(
      dictionary(
        `an object with members among ${oneOf(workerNames)}`,
        v.picklist(workerNames, `one of ${oneOf(workerNames)}`),
        dictionary(
          'an object of variables',
          text('a variable name of capitals, digits and _', (name) => /^[A-Z][A-Z0-9_]{0,63}$/.test(name)),
          text('text of at most 4096 characters', (value) => value.length <= 4096),
        ),
      ),
      {},
    ),
  },
  { issuer: issuerForm },
)
