import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { authrimPackage } from '../../cli/bundle/package-root.ts'
import { median } from './load.ts'

/** What bin/authrim.js does once it knows its Node. */
const start = (entry: string) => `import(${JSON.stringify(entry)}).then(({ main }) => main(['--help']))`

/** Runs in the process itself and says at its end what it used, in milliseconds, on file descriptor 3. */
const meter = `data:text/javascript,${encodeURIComponent(
  `import{writeSync}from'node:fs';process.on('exit',()=>{const u=process.cpuUsage();writeSync(3,String((u.user+u.system)/1000))})`,
)}`

/** CPU of `authrim --help` as it is published, milliseconds; undefined before `npm run build`. */
export function helpCost(times = 5): number | undefined {
  const entry = join(authrimPackage().root, 'dist/cli/main.js')
  if (!existsSync(entry)) return undefined
  const runs = Array.from({ length: times }, () => {
    const { output } = spawnSync(process.execPath, ['--import', meter, '--eval', start(entry)], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    })
    if (!output[1]?.includes('Usage: authrim')) throw new Error(`authrim --help said: ${output.join('')}`)
    return Number(output[3])
  })
  return median(runs)
}
