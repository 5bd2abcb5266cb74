/** One line that a Worker wrote with `console`. */
export interface WorkerLog {
  readonly time: Date
  readonly level: string
  readonly message: string
  /** The members, when the line was a JSON object. */
  readonly fields?: Readonly<Record<string, unknown>>
}

/** Reads workerd's structured log entry. */
export function workerLog(entry: { timestamp: number; level: string; message: string }): WorkerLog {
  const fields = jsonObject(entry.message)
  return {
    time: new Date(entry.timestamp),
    level: entry.level,
    message: entry.message,
    ...(fields && { fields }),
  }
}

function jsonObject(text: string): Record<string, unknown> | undefined {
  if (!text.startsWith('{')) return undefined
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? { ...value } : undefined
  } catch {
    return undefined
  }
}
