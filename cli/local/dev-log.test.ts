import { expect, test } from 'vitest'
import { devLog } from './dev-log.ts'

test('prints the link of a request that waits, without control characters, and no other success', () => {
  const notes: string[] = []
  const report = { note: (line: string) => void notes.push(line) }
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the log needs nothing else of a report
  const { onLog } = devLog({ verbose: false, report: report as Parameters<typeof devLog>[0]['report'] })
  const time = new Date(0)
  const link = 'http://localhost:8787/device?user_code=WDJB-MJHT'
  onLog({ time, level: 'log', message: '', fields: { event: 'approval_waits', client: 'T\u001b[31mV', link } })
  onLog({ time, level: 'log', message: '', fields: { method: 'GET', path: '/', status: 200 } })
  expect(notes).toHaveLength(1)
  expect(notes[0]).toContain(link)
  expect(notes[0]).not.toContain('\u001b[31mV')
})
