import { execFileSync, spawnSync } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'

/** What stood on the screen from a moment on, lines with their ANSI codes. */
export interface Frame {
  /** Milliseconds since the recording began. */
  readonly at: number
  readonly lines: readonly string[]
}

export interface TerminalOptions {
  readonly columns: number
  readonly rows: number
  readonly cwd: string
  /** A start file for bash: prompt, functions, variables. */
  readonly rcFile: string
}

/** Types into a real terminal, tmux, and notes what its screen shows. */
export class Terminal implements Disposable {
  readonly frames: Frame[] = []
  readonly #socket = `authrim-recording-${process.pid}`
  readonly #started = performance.now()
  #isWatching = true

  constructor({ columns, rows, cwd, rcFile }: TerminalOptions) {
    this.#tmux(
      '-f',
      '/dev/null',
      'new-session',
      '-d',
      '-x',
      String(columns),
      '-y',
      String(rows),
      '-c',
      cwd,
      'bash',
      '--noprofile',
      '--rcfile',
      rcFile,
    )
    this.#tmux('set', '-g', 'status', 'off')
    void this.#watch()
  }

  /** Types a command as a person does, and waits until its prompt is back. */
  async run(command: string): Promise<void> {
    for (const character of command) {
      this.#tmux('send-keys', '-l', character)
      await sleep(25)
    }
    await sleep(300)
    this.#tmux('send-keys', 'Enter')
    const ended = () => this.#tmux('capture-pane', '-p').trimEnd().endsWith('\n$')
    for (let waited = 0; waited < 120_000 && !ended(); waited += 100) await sleep(100)
    if (!ended()) throw new Error(`${command} did not end:\n${this.#tmux('capture-pane', '-p')}`)
    await sleep(1200)
  }

  async #watch(): Promise<void> {
    while (this.#isWatching) {
      const lines = this.#tmux('capture-pane', '-e', '-p').trimEnd().split('\n')
      if (this.frames.at(-1)?.lines.join('\n') !== lines.join('\n'))
        this.frames.push({ at: performance.now() - this.#started, lines })
      await sleep(60)
    }
  }

  #tmux(...args: readonly string[]): string {
    return execFileSync('tmux', ['-L', this.#socket, ...args], { encoding: 'utf8', env: { ...process.env, TMUX: '' } })
  }

  [Symbol.dispose](): void {
    this.#isWatching = false
    spawnSync('tmux', ['-L', this.#socket, 'kill-server'])
  }
}
