/** Rules of this repository for oxlint; `.oxlintrc.json` loads them. */
import { relative, sep } from 'node:path'
import type { RuleTester } from 'oxlint/plugins-dev'
import { importProblem, isTest } from './layers.ts'

type Rule = Parameters<RuleTester['run']>[1]

/** What a report points at. */
interface Node {
  readonly range: [number, number]
}

function repositoryPath({ cwd, filename }: { readonly cwd: string; readonly filename: string }): string {
  return relative(cwd, filename).split(sep).join('/')
}

/** Holds who may import what; see layers.ts. */
export const boundaries: Rule = {
  create(context) {
    const file = repositoryPath(context)
    const check = (source: { readonly value?: unknown } | null, node: Node) => {
      if (typeof source?.value !== 'string') return
      const message = importProblem(file, source.value)
      if (message) context.report({ message, node })
    }
    return {
      ImportDeclaration: (node) => check(node.source, node),
      ExportNamedDeclaration: (node) => check(node.source, node),
      ExportAllDeclaration: (node) => check(node.source, node),
      ImportExpression: (node) => check('value' in node.source ? node.source : null, node),
      TSImportType: (node) => check(node.source, node),
    }
  },
}

/** A Worker's index.ts alone reads `env`; Durable Objects get it from the platform as `this.env`. */
export const envInIndex: Rule = {
  create(context) {
    const file = repositoryPath(context)
    const concerned = /^(workers|shared)\//.test(file) && !/^workers\/[^/]+\/index\.tsx?$/.test(file) && !isTest(file)
    if (!concerned) return {}
    const message = "only a Worker's index.ts reads env; take what is needed as an argument"
    return {
      MemberExpression(node) {
        const named = node.property.type === 'Identifier' && node.property.name === 'env' && !node.computed
        if (named && node.object.type !== 'ThisExpression') context.report({ message, node })
      },
      ImportSpecifier(node) {
        const source = node.parent.type === 'ImportDeclaration' ? node.parent.source.value : undefined
        const name = node.imported.type === 'Identifier' ? node.imported.name : node.imported.value
        if (source === 'cloudflare:workers' && name === 'env') context.report({ message, node })
      },
    }
  },
}

/** Rules of shared/protocol have no clock, no network and no console: time is an argument. */
export const pureProtocol: Rule = {
  create(context) {
    const file = repositoryPath(context)
    if (!file.startsWith('shared/protocol/') || isTest(file)) return {}
    return {
      CallExpression(node) {
        if (node.callee.type === 'Identifier' && node.callee.name === 'fetch') {
          context.report({ message: 'shared/protocol does not fetch', node })
        }
      },
      NewExpression(node) {
        if (node.callee.type === 'Identifier' && node.callee.name === 'Date' && node.arguments.length === 0) {
          context.report({ message: 'shared/protocol has no clock: take the time as an argument', node })
        }
      },
      MemberExpression(node) {
        if (node.object.type !== 'Identifier' || node.property.type !== 'Identifier') return
        const name = `${node.object.name}.${node.property.name}`
        if (name === 'Date.now' || name === 'performance.now') {
          context.report({ message: 'shared/protocol has no clock: take the time as an argument', node })
        }
        if (node.object.name === 'console') context.report({ message: 'shared/protocol does not log', node })
      },
    }
  },
}

export default {
  meta: { name: 'authrim' },
  rules: { boundaries, 'env-in-index': envInIndex, 'pure-protocol': pureProtocol },
}
