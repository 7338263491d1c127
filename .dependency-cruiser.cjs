/** The house's layers (docs/architecture.md), checked. Each rule says from where and what may not be imported. */
const layer = (name, allowed, extra = []) => ({
  name: `layer-${name}`,
  severity: 'error',
  comment: `src/${name} may import only: ${[name, ...allowed].join(', ')}`,
  from: { path: `^src/${name}/`, pathNot: [...extra, '\\.test\\.ts$'] },
  to: { path: '^src/', pathNot: [name, ...allowed].map((each) => `^src/${each}/`) },
});

module.exports = {
  forbidden: [
    layer('core', []),
    layer('api', ['core']),
    layer('host', ['core']),
    layer('guest', ['core']),
    layer('drivers', ['core', 'host', 'guest']),
    layer('web', ['core']),
    layer('images', ['core', 'web']),
    layer('store', ['core']),
    layer('tls', ['core']),
    layer('daemon', ['core', 'api', 'tls', 'web', 'host', 'guest', 'drivers', 'images', 'store']),
    layer('client', ['api', 'core', 'tls']),
    layer('cli', ['client', 'api', 'web', 'core']),
    {
      name: 'core-is-pure',
      severity: 'error',
      comment: 'core knows no node: module; its tsconfig has no node types either',
      from: { path: '^src/core/', pathNot: '\\.test\\.ts$' },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'only-main-constructs',
      severity: 'error',
      comment: 'adapters are constructed in daemon/main.ts and what it calls in daemon/wiring; the rest sees ports',
      from: { path: '^src/daemon/', pathNot: ['^src/daemon/(main|wiring/.*)\\.ts$', '\\.test\\.ts$'] },
      to: { path: '^src/drivers/(qemu|fake)/' },
    },
    { name: 'no-cycles', severity: 'error', from: { path: '^src/' }, to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } } },
    { name: 'resolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { extensions: ['.ts', '.js', '.json'], exportsFields: ['exports'], conditionNames: ['import', 'node', 'default'] },
  },
};
