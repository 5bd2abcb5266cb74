/** Resolves at Ctrl-C or SIGTERM. miniflare's own handlers, which end the process at once with 130, are taken off. */
export function stopSignal(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.removeAllListeners(signal)
      process.once(signal, () => resolve())
    }
  })
}
