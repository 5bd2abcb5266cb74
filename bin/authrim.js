#!/usr/bin/env node
import { existsSync } from 'node:fs'

const [major, minor] = process.versions.node.split('.').map(Number)
if (major < 22 || (major === 22 && minor < 12)) {
  console.error(`authrim needs Node.js 22.12 or newer; this is ${process.versions.node}.`)
  process.exit(2)
}
// In the repository the sources run as they are, given a Node that reads TypeScript.
const source = new URL('../cli/main.ts', import.meta.url)
const { main } = await import(process.features.typescript && existsSync(source) ? source : '../dist/cli/main.js')
await main(process.argv.slice(2))
