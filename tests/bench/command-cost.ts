import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { authrimPackage } from '../../cli/bundle/package-root.ts'
import { median } from './load.ts'

/** Runs in the process itself and says at its end what it used, in milliseconds, on file descriptor 3. */
const meter = `data:text/javascript,${encodeURIComponent(
  `import{writeSync}from'node:fs';process.on('exit',()=>{const u=process.cpuUsage();writeSync(3,String((u.user+u.system)/1000))})`,
)}`

/** CPU of `authrim --help` as it is published, milliseconds; undefined before `npm run build`. */
export function helpCost(times = 5): number | undefined {
  const entry = join(authrimPackage().root, 'dist/cli/main.js')
  if (!existsSync(entry)) return undefined
  const runs = Array.from({ length: times }, () => {
    const { output } = spawnSync(process.execPath, ['--import', meter, entry, '--help'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    })
    return Number(output[3])
  })
  return median(runs)
}
