import { spawn, spawnSync } from 'node:child_process'
import { text } from 'node:stream/consumers'

/** Root mounts in a namespace of its own; others get to be root in one, where the kernel lets them. */
const namespace = ['-m', '-rm'].find((option) => {
  const mount = ['sh', '-c', 'mount -t tmpfs -o size=4k tmpfs /mnt']
  return spawnSync('unshare', [option, ...mount], { stdio: 'ignore' }).status === 0
})

/** Whether this machine lets a test have a file system of its own. */
export const canMount = namespace !== undefined

/**
 * Runs a shell script in which `$DISK` is a file system of that many KiB. The mount is of this process alone: it ends with
 * the script, and nobody else sees it. `fill` leaves no room on it and `drain` gives it back.
 */
export async function onSmallDisk(
  folder: string,
  kibibytes: number,
  script: string,
  env: NodeJS.ProcessEnv,
): Promise<string> {
  const whole = `
    set -e
    mount -t tmpfs -o size=${kibibytes}k tmpfs "$DISK"
    fill() { dd if=/dev/zero of="$DISK/filler" bs=1k 2>/dev/null || true; }
    drain() { rm -f "$DISK/filler"; }
    set +e
    ${script}`
  const child = spawn('unshare', [namespace ?? '-m', 'sh', '-c', whole], {
    env: { ...env, DISK: folder },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  return text(child.stdout)
}
