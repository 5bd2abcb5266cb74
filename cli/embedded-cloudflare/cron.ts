/** Ranges of the fields of a cron expression, in their order. */
const ranges = [
  [0, 59],
  [0, 23],
  [1, 31],
  [1, 12],
  [1, 7],
] as const

/** Whether Cloudflare would take the text: five fields of `*`, numbers, ranges, steps and lists. */
export function isCron(text: string): boolean {
  const fields = text.split(' ')
  return fields.length === ranges.length && fields.every((field, index) => numbersOf(field, index) !== undefined)
}

/** Whether a schedule is for this minute, UTC. Where both day and weekday are restricted, either is enough. */
export function isDue(cron: string, time: Date): boolean {
  const now = [
    time.getUTCMinutes(),
    time.getUTCHours(),
    time.getUTCDate(),
    time.getUTCMonth() + 1,
    // 1 is Sunday for Cloudflare.
    time.getUTCDay() + 1,
  ]
  const fields = cron.split(' ')
  const fits = fields.map((field, index) => numbersOf(field, index)?.includes(now[index] ?? -1) === true)
  const [minute, hour, day, month, weekday] = fits
  const restricted = fields[2] !== '*' && fields[4] !== '*'
  return Boolean(minute && hour && month && (restricted ? day || weekday : day && weekday))
}

/** The numbers that a field stands for; undefined for what is no field. */
function numbersOf(field: string, index: number): number[] | undefined {
  const [lowest, highest] = ranges[index] ?? [0, 0]
  const numbers: number[] = []
  for (const part of field.split(',')) {
    const match = /^(?:\*|(\d{1,2})(?:-(\d{1,2}))?)(?:\/(\d{1,2}))?$/.exec(part)
    if (!match) return undefined
    const [, first, last, step = '1'] = match
    const from = Number(first ?? lowest)
    const to = Number(last ?? (first === undefined || match[3] !== undefined ? highest : first))
    if (from < lowest || to > highest || from > to || Number(step) === 0) return undefined
    for (let number = from; number <= to; number += Number(step)) numbers.push(number)
  }
  return numbers
}
