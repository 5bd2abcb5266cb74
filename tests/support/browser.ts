import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { type Browser, type BrowserContextOptions, chromium, type LaunchOptions, type Page } from 'playwright-core'

const require = createRequire(import.meta.url)
const root = join(import.meta.dirname, '../..')

/** Where distributions put a Chromium that somebody installed. */
const INSTALLED = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']

const ARGUMENTS = [
  '--no-sandbox',
  '--no-zygote',
  '--disable-gpu',
  '--disable-quic',
  '--disable-dev-shm-usage',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-domain-reliability',
  '--disable-sync',
  '--no-first-run',
  '--no-pings',
  '--font-render-hinting=none',
]

export interface PageOptions {
  /** Default true. */
  javaScript?: boolean
  /** Default light. */
  colorScheme?: 'light' | 'dark'
  /** Default 1280 by 800. */
  viewport?: { width: number; height: number }
  /** Anything else that Playwright's `browser.newContext` takes. */
  context?: BrowserContextOptions
}

export interface TestBrowser {
  /** A page in a browser context of its own: no cookie or cache is shared with another. */
  newPage(options?: PageOptions): Promise<Page>
  /** The browser itself, for what `newPage` does not cover. */
  browser: Browser
  close(): Promise<void>
}

export interface AxeViolation {
  id: string
  impact: string | null
  help: string
  /** The HTML of each element concerned, with what is wrong with it. */
  nodes: string[]
}

/** A headless Chromium: the installed one, or else the one that npm brought. */
export async function openBrowser(): Promise<TestBrowser> {
  const browser = await chromium.launch({ ...(await executable()), args: ARGUMENTS, headless: true })
  return {
    browser,
    newPage: async (options) => (await browser.newContext(contextOptions(options))).newPage(),
    close: () => browser.close(),
  }
}

/** The rules of axe-core that look at colours and boxes: what a page may break in dark that was right in light. */
export const renderingRules = ['color-contrast', 'link-in-text-block', 'target-size', 'scrollable-region-focusable']

/**
 * Runs axe-core with the rules of WCAG 2.2 AA and its best practices, and returns what it found wrong.
 * @param rules only these, where others were run on the same page before.
 */
export async function axe(page: Page, rules?: readonly string[]): Promise<AxeViolation[]> {
  axeSource ??= readFile(require.resolve('axe-core/axe.min.js'), 'utf8')
  // Evaluated through the debugger, which a page's content security policy does not concern.
  if (await page.evaluate(`typeof axe === 'undefined'`)) await page.evaluate(await axeSource)
  const options = { resultTypes: ['violations'], ...(rules && { runOnly: rules }) }
  const { violations } = await page.evaluate<AxeResults>(`axe.run(${JSON.stringify(options)})`)
  return violations.map(({ id, impact, help, nodes }) => ({
    id,
    impact,
    help,
    nodes: nodes.map((node) => `${node.html} ${node.failureSummary ?? ''}`),
  }))
}

let axeSource: Promise<string> | undefined

interface AxeResults {
  violations: {
    id: string
    impact: string | null
    help: string
    nodes: { html: string; failureSummary?: string }[]
  }[]
}

function contextOptions({ javaScript, colorScheme, viewport, context }: PageOptions = {}): BrowserContextOptions {
  return {
    javaScriptEnabled: javaScript ?? true,
    colorScheme: colorScheme ?? 'light',
    viewport: viewport ?? { width: 1280, height: 800 },
    ...context,
  }
}

async function executable(): Promise<LaunchOptions> {
  const installed = INSTALLED.find((path) => existsSync(path))
  if (installed) return { executablePath: installed }
  const folder = await unpackedChromium()
  const inherited = Object.entries(process.env).filter((entry): entry is [string, string] => entry[1] !== undefined)
  return {
    executablePath: join(folder, 'chromium'),
    env: {
      ...Object.fromEntries(inherited),
      LD_LIBRARY_PATH: join(folder, 'al2023/lib'),
      FONTCONFIG_FILE: join(folder, 'fonts.conf'),
    },
  }
}

/**
 * Unpacks @sparticuz/chromium with the shared libraries and the fonts it brings for Amazon Linux, which also serve a
 * machine that has none. The package writes into the temporary folder and takes a half-written file for a whole one,
 * so that it runs in a process with a temporary folder of its own, which is put in place by one rename.
 */
async function unpackedChromium(): Promise<string> {
  const { version }: { version: string } = JSON.parse(await readFile(packageFile(), 'utf8'))
  const cache = join(root, 'node_modules/.cache')
  const folder = join(cache, `chromium-${version}`)
  if (existsSync(folder)) return folder
  const partial = `${folder}-${process.pid}-${Date.now()}`
  await mkdir(partial, { recursive: true })
  const script = `import('@sparticuz/chromium').then(({ default: chromium }) => chromium.executablePath())`
  await promisify(execFile)(process.execPath, ['--eval', script], {
    cwd: root,
    env: { ...process.env, TMPDIR: partial, AWS_LAMBDA_JS_RUNTIME: 'nodejs24.x' },
  })
  await writeFile(join(partial, 'fonts.conf'), fontConfiguration(folder))
  try {
    await rename(partial, folder)
  } catch {
    // Another test file was faster; its folder is as good.
    await rm(partial, { recursive: true, force: true })
  }
  return folder
}

/** Without any font this Chromium ends at the first form control. */
function fontConfiguration(folder: string): string {
  const generic = ['system-ui', 'sans-serif', 'serif', 'monospace']
  const alias = (family: string) =>
    `<alias><family>${family}</family><prefer><family>Open Sans</family></prefer></alias>`
  return `<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd"><fontconfig>
<dir>${folder}/fonts/fonts</dir><dir>/usr/share/fonts</dir><cachedir>${folder}/fonts-cache</cachedir>
${generic.map(alias).join('')}</fontconfig>`
}

function packageFile(): string {
  return join(root, 'node_modules/@sparticuz/chromium/package.json')
}
