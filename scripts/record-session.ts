/**
 * `node scripts/record-session.ts` writes docs/images/session.svg: from nothing to a provider that is deployed,
 * typed into a real terminal against the embedded Cloudflare. Needs tmux and what `npm run build` makes.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { authrimPackage } from '../cli/bundle/package-root.ts'
import { addressFile } from '../cli/embedded-cloudflare/address-file.ts'
import { startEmbeddedCloudflare } from '../cli/embedded-cloudflare/embedded-cloudflare.ts'
import { animatedSvg } from './recording/animation.ts'
import { Terminal } from './recording/terminal.ts'

const { root } = authrimPackage()
const columns = 112
const home = mkdtempSync(join(tmpdir(), 'authrim-recording-'))
const rcFile = join(home, 'bashrc')
writeFileSync(
  rcFile,
  [
    `export HOME='${home}' FORCE_COLOR=1 PS1='$ '`,
    'unset CI NO_COLOR',
    `npx() { shift; '${process.execPath}' '${root}/bin/authrim.js' "$@"; }`,
    '',
  ].join('\n'),
)

try {
  await using _cloudflare = await startEmbeddedCloudflare({
    dataDir: join(home, 'cloudflare'),
    addressFile: addressFile({ HOME: home }),
    edgePort: 8787,
  })
  using terminal = new Terminal({ columns, rows: 44, cwd: home, rcFile })
  await terminal.run('npx authrim init my-idp --local --yes')
  await terminal.run('cd my-idp && npx authrim deploy --yes')
  await terminal.run('npx authrim status')
  writeFileSync(
    join(root, 'docs/images/session.svg'),
    animatedSvg(terminal.frames, columns, 'authrim in a terminal: init, deploy, status'),
  )
} finally {
  rmSync(home, { recursive: true, force: true })
}
