/**
 * Runs every suite one after the other and prints what each took. `npm test -- pure real` runs only those named.
 * The last line counts: `N passed, N failed`.
 */
import { realFiles } from '../test/real-files.ts';
import { runNode, runVitest } from './run-vitest.ts';

interface Suite {
  readonly name: string;
  readonly about: string;
  readonly run: () => Promise<Count>;
}

interface Count {
  readonly passed: number;
  readonly failed: number;
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));

const SUITES: readonly Suite[] = [
  {
    name: 'static', about: 'types, lint, layers, dead code',
    run: () => checks([
      ['node_modules/typescript-native/bin/tsc', '-p', '.', '--noEmit'],
      ['node_modules/typescript-native/bin/tsc', '-p', 'src/core', '--noEmit'],
      ['node_modules/.bin/oxlint', '--type-aware', 'src', 'test', 'scripts'],
      ['scripts/check-layers.ts'],
      ['node_modules/.bin/knip', '--no-progress'],
    ]),
  },
  { name: 'pure', about: 'what needs no machine', run: () => runVitest(['src', 'test/cli', 'test/guest', 'test/daemon', 'test/hostile', 'test/upgrade', 'test/bench', 'test/faults', 'test/soak', 'test/real-files', 'test/rotation']) },
  { name: 'predict', about: 'changes of netplan files as predicted, against netplan itself', run: () => runVitest(['test/predict']) },
  { name: 'contract', about: 'the driver contract, on the fake driver and on QEMU', run: () => runVitest(['test/contract']) },
  { name: 'network', about: 'bridges, names, rules and their removal, as root', run: () => runVitest(['test/network']) },
  { name: 'image', about: 'an image is built, and bad ones are refused', run: () => runVitest(['test/images']) },
  { name: 'real', about: 'real VMs: launch, faults, restarts of the daemon', run: () => runVitest(['--config', 'vitest.real.config.ts', ...realFiles()]) },
];

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !SUITES.some((suite) => suite.name === name));
if (unknown.length > 0) {
  process.stderr.write(`no such suite: ${unknown.join(', ')}; there are: ${SUITES.map(({ name }) => name).join(', ')}\n`);
  process.exit(1);
}

const lines: string[] = [];
const total = { passed: 0, failed: 0 };
for (const suite of SUITES) {
  if (wanted.length > 0 && !wanted.includes(suite.name)) continue;
  process.stdout.write(`\n==> ${suite.name}: ${suite.about}\n`);
  const startedAt = performance.now();
  const count = await suite.run();
  total.passed += count.passed;
  total.failed += count.failed;
  lines.push(`${suite.name.padEnd(10)} ${String(count.passed).padStart(5)} passed ${String(count.failed).padStart(4)} failed ${((performance.now() - startedAt) / 1000).toFixed(0).padStart(6)} s`);
}
process.stdout.write(`\n${lines.join('\n')}\n\n${total.passed} passed, ${total.failed} failed\n`);
process.exit(total.failed === 0 && total.passed > 0 ? 0 : 1);

/** Each command is one check. */
async function checks(commands: readonly (readonly string[])[]): Promise<Count> {
  let passed = 0;
  for (const [file = '', ...args] of commands) {
    const code = await runNode([file, ...args]);
    process.stdout.write(`${code === 0 ? 'ok    ' : 'FAILED'} ${file.replace(/^.*\//, '')} ${args.join(' ')}\n`);
    if (code === 0) passed += 1;
  }
  return { passed, failed: commands.length - passed };
}
