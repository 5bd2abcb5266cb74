import kleur from 'kleur'
import type { Output } from './report.ts'
import { sanitize } from './sanitize.ts'

export interface ProgressLine {
  done(detail?: string): void
  failed(): void
}

const FRAMES = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏']

/** A line a step, on stderr: turning while it runs on a terminal, then a tick and the time it took. */
export class Progress {
  readonly #out: Output
  readonly #quiet: boolean

  constructor(out: Output, { quiet = false } = {}) {
    this.#out = out
    this.#quiet = quiet
  }

  start(label: string): ProgressLine {
    const started = performance.now()
    const turning = Boolean(this.#out.isTTY) && !this.#quiet && kleur.enabled
    let frame = 0
    const draw = () => this.#out.write(`\r  ${kleur.cyan(FRAMES[frame++ % FRAMES.length] ?? '')} ${sanitize(label)}`)
    if (turning) draw()
    const timer = turning ? setInterval(draw, 100) : undefined
    timer?.unref()
    const end = (mark: string, detail = '') => {
      clearInterval(timer)
      if (this.#quiet) return
      const seconds = `${((performance.now() - started) / 1000).toFixed(1)} s`
      const text = detail ? `${sanitize(label)}  ${sanitize(detail)}` : sanitize(label)
      this.#out.write(`${turning ? '\r\u001b[2K' : ''}  ${mark} ${text.padEnd(56)} ${kleur.dim(seconds)}\n`)
    }
    return { done: (detail) => end(kleur.green('✔'), detail), failed: () => end(kleur.red('✖')) }
  }
}
