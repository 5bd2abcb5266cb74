import { cpuMilliseconds } from './cpu.ts'

/** One unit of work on one connection: a request, or a whole flow. Throws when the answer is not as it should be. */
export type Unit = () => Promise<void>

export interface Target {
  readonly name: string
  /** The workerd whose CPU is measured. */
  readonly pid: number
  /** Connects and prepares so many chains of units; what it costs is not measured. */
  readonly connect: (connections: number) => Promise<Unit[]>
}

export interface Sample {
  /** CPU of the server for one unit, milliseconds. */
  readonly cpu: number
  readonly perSecond: number
}

/** A target with its connections open. */
export interface Running {
  readonly target: Target
  readonly units: readonly Unit[]
  readonly samples: Sample[]
}

/** Keeps every chain busy for so long, and says what a unit cost. */
export async function measure({ target, units }: Running, milliseconds: number): Promise<Sample> {
  let count = 0
  const usedBefore = cpuMilliseconds(target.pid)
  const began = performance.now()
  await Promise.all(
    units.map(async (unit) => {
      while (performance.now() - began < milliseconds) {
        await unit()
        count++
      }
    }),
  )
  const seconds = (performance.now() - began) / 1000
  return { cpu: (cpuMilliseconds(target.pid) - usedBefore) / count, perSecond: count / seconds }
}

export function shuffled<T>(items: readonly T[]): T[] {
  return items
    .map((item) => ({ item, order: Math.random() }))
    .toSorted((a, b) => a.order - b.order)
    .map(({ item }) => item)
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const upper = sorted[sorted.length >> 1] ?? Number.NaN
  const lower = sorted[(sorted.length - 1) >> 1] ?? Number.NaN
  return (upper + lower) / 2
}
