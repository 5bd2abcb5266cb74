/**
 * `npm run bench`: CPU per request of authrim's endpoints, each as a ratio to the least that the platform could do,
 * measured in the same run. Every round visits all targets in a new random order.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { startAuthrim } from './authrim.ts'
import { helpCost } from './command-cost.ts'
import { startFloor } from './floor.ts'
import { goals, logged } from './goals.ts'
import { measure, type Running, shuffled } from './load.ts'
import { rowOf, table } from './report.ts'

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '6' },
    seconds: { type: 'string', default: '1' },
    connections: { type: 'string', default: '16' },
    /** Comma-separated endpoints; their floors are measured too. */
    only: { type: 'string' },
    json: { type: 'string' },
  },
})
const [rounds, seconds, connections] = [Number(values.rounds), Number(values.seconds), Number(values.connections)]
const wanted = goals.filter(({ endpoint }) => !values.only || values.only.split(',').includes(endpoint))
const names = new Set(wanted.flatMap(({ endpoint, floor }) => [endpoint, ...Object.keys(floor)]))

const folder = mkdtempSync(join(tmpdir(), 'authrim-bench-'))
try {
  await using floor = await startFloor(folder)
  await using authrim = await startAuthrim(false)
  await using logging = await startAuthrim(true)
  const loggedTargets = logging.targets
    .filter(({ name }) => name === 'client credentials')
    .map((target) => ({ ...target, name: logged }))
  const targets = [...floor.targets, ...authrim.targets, ...loggedTargets].filter(({ name }) => names.has(name))
  const running = await Promise.all(
    targets.map(async (target): Promise<Running> => ({
      target,
      units: await target.connect(connections),
      samples: [],
    })),
  )
  for (let round = 0; round <= rounds; round++) {
    for (const each of shuffled(running)) {
      // The first round lets the engine compile what is hot; it does not count.
      const sample = await measure(each, round === 0 ? 500 : seconds * 1000)
      if (round > 0) each.samples.push(sample)
    }
    process.stderr.write(`\rround ${round} of ${rounds} `)
  }
  process.stderr.write('\n')
  const samples = new Map(running.map(({ target, samples }) => [target.name, samples]))
  const rows = wanted.map((goal) => rowOf(goal, samples))
  console.log(table(rows))
  const help = helpCost()
  console.log(`\nauthrim --help: ${help === undefined ? 'not built' : `${help.toFixed(0)} ms of CPU, target ≤ 250`}`)
  if (values.json) writeFileSync(values.json, JSON.stringify({ rounds, seconds, connections, rows, help }, null, 2))
} finally {
  rmSync(folder, { recursive: true, force: true })
}
// Open connections would keep the process alive.
process.exit()
