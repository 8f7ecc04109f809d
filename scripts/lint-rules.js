// Rules of this repository that oxlint has no words for. Loaded by .oxlintrc.json.

/** What each package may import from its siblings: the arrows of docs/architecture.md. */
const siblings = {
  schema: [],
  protocol: [],
  server: ['schema', 'protocol'],
  client: ['schema', 'protocol'],
  testing: ['schema', 'protocol', 'server', 'client'],
  load: ['schema', 'protocol', 'client'],
}

/** Packages that also run in browsers, and the files in them that only Node loads. */
const browserSafe = {
  schema: /^$/,
  protocol: /^msgpackr-codec\.ts$/,
  client: /^sockets\/node[\w-]*\.ts$/,
}

/**
 * Outside libraries of the hot path stand behind one file each, so that replacing one touches one file.
 * A library that is missing here is free to use wherever the package depends on it.
 */
const behindOneFile = {
  'redos-detector': { schema: /^pattern-check\.ts$/ },
  msgpackr: { protocol: /^msgpackr-codec\.ts$/ },
  pino: { server: /^observe\/pino-logger\.ts$/ },
  tsx: { load: /^load-scenario\.ts$/ },
  'prom-client': { server: /^observe\/prometheus-metrics\.ts$/ },
  ws: { server: /^transport\/ws-transport\.ts$/, client: /^sockets\/node[\w-]*\.ts$/ },
}

/** `packages/server/src/room/room.ts` → { name: 'server', file: 'room/room.ts', test: false } */
function locate(path) {
  const match = /(?:^|\/)packages\/([a-z]+)\/src\/(.+)$/.exec(path.replaceAll('\\', '/'))
  return match && { name: match[1], file: match[2], test: /\.(test|fixture)\.ts$/.test(match[2]) }
}

function refusal(here, target) {
  if (target.startsWith('@junto/')) {
    const [, sibling] = target.split('/')
    if (sibling === here.name) return `import a file of this package by its relative path, not as '${target}'`
    // Tests stand outside the dependency graph: any of them may run a server and a client on the virtual network.
    if (here.test) return undefined
    if (!siblings[here.name]?.includes(sibling)) return `'${here.name}' must not import '@junto/${sibling}'`
    return undefined
  }
  if (here.test) return undefined
  if (
    target.startsWith('.') &&
    /(^|\/)packages\/|\/\.\.\/(schema|protocol|server|client|testing|load)\/src\//.test(target)
  ) {
    return `import a sibling package by its name, not as '${target}'`
  }
  if (target.startsWith('node:') && here.name in browserSafe && !browserSafe[here.name].test(here.file)) {
    return `'${here.name}' runs in browsers: it must not import '${target}'`
  }
  const owners = behindOneFile[target.split('/')[0]]
  if (owners && !owners[here.name]?.test(here.file)) {
    return `'${target}' stands behind one file (see scripts/lint-rules.js): import that one`
  }
  return undefined
}

const boundaries = {
  create(context) {
    const here = locate(context.filename)
    if (!here) return {}
    const check = (node) => {
      const target = node.source?.value
      if (typeof target !== 'string') return
      const message = refusal(here, target)
      if (message) context.report({ node: node.source, message })
    }
    return {
      ImportDeclaration: check,
      ImportExpression: check,
      ExportNamedDeclaration: check,
      ExportAllDeclaration: check,
    }
  },
}

/** `new Date()` and `Date()` read the clock; `new Date(ms)` does not. */
const noClockInDate = {
  create(context) {
    const check = (node) => {
      if (node.callee.type !== 'Identifier' || node.callee.name !== 'Date') return
      if (node.type === 'NewExpression' && node.arguments.length > 0) return
      context.report({ node, message: 'reads the system clock: use the injected one' })
    }
    return { NewExpression: check, CallExpression: check }
  },
}

const nodeGlobals = new Set(['Buffer', 'process', 'global', 'require', 'module', '__dirname', '__filename'])

/** Browser-safe packages are type-checked with Node's types at hand, which must not tempt anyone. */
const noNodeGlobals = {
  create(context) {
    const here = locate(context.filename)
    if (!here || here.test || !(here.name in browserSafe) || browserSafe[here.name].test(here.file)) return {}
    return {
      Program(node) {
        const { globalScope } = context.sourceCode.scopeManager
        for (const { identifier } of globalScope?.through ?? context.sourceCode.getScope(node).through) {
          if (!nodeGlobals.has(identifier.name)) continue
          context.report({
            node: identifier,
            message: `'${here.name}' runs in browsers: it must not use '${identifier.name}'`,
          })
        }
      },
    }
  },
}

export default {
  meta: { name: 'junto' },
  rules: { boundaries, 'no-clock-in-date': noClockInDate, 'no-node-globals': noNodeGlobals },
}
