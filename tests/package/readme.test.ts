import { existsSync, globSync, readFileSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { authrimPackage } from '../../cli/bundle/package-root.ts'
import { workerNames, workerTopology } from '../../shared/topology.ts'

const { root } = authrimPackage()
const pages = ['*.md', 'docs/**/*.md'].flatMap((pattern) => globSync(pattern, { cwd: root }))

describe('the documentation', () => {
  test('has the Workers of the topology', () => {
    const rows = workerNames.map((name) => {
      const { stage, paths, gzipBudget } = workerTopology(name)
      const served = paths.filter((path) => path !== `/${name}/health`).map((path) => `\`${path}\``)
      return `| \`${name}\` | ${served.join(' ')} | ${stage} | ${gzipBudget} |`
    })
    const table = ['| Worker | serves | stage | gzip budget, KiB |', '| --- | --- | --- | --- |', ...rows].join('\n')
    expect(readFileSync(join(root, 'README.md'), 'utf8')).toContain(table)
  })

  test('leads nowhere that is not there', () => {
    const missing = pages.flatMap((page) => {
      const links = readFileSync(join(root, page), 'utf8').matchAll(/\]\((?!https?:|#)([^)#\s]+)/g)
      return [...links]
        .map(([, path = '']) => join(dirname(page), path))
        .filter((path) => !existsSync(join(root, path)))
    })
    expect(missing).toEqual([])
  })

  test('has pictures that load quickly', () => {
    for (const picture of globSync('docs/images/*', { cwd: root }))
      expect(statSync(join(root, picture)).size, picture).toBeLessThan(150_000)
  })

  test('names commands that exist', () => {
    const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
    for (const page of pages) {
      for (const [, name = ''] of readFileSync(join(root, page), 'utf8').matchAll(/`npm run ([\w:-]+)/g))
        expect(Object.keys(scripts), page).toContain(name)
    }
  })
})
