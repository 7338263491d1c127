/**
 * Which files of tests on real VMs `npm test` and CI take. All of them need more than an hour under emulation on a slow host;
 * HOLDFAST_TEST_ALL=1 takes them all, and a name given to vitest takes that one.
 */
import { ALL, pickOf } from './rotation.ts';

/** What every commit must show: a launch, a fork, a command, a daemon that dies, a machine that dies. */
const ALWAYS = ['10-launch', '15-fork', '20-exec', '60-daemon', '80-crash'] as const;

/** Of each class one. */
const CLASSES = {
  templates: ['16-fork-contract', '16-plain-user', '17-template-faults', '18-remote'],
  faults: ['30-faults', '35-host-faults', '45-steps', '50-rungs'],
  commands: ['40-user-data', '52-snapshots', '53-mounts', '53-native-mounts', '54-transfer', '55-doctor', '55-ssh', '56-flood'],
  networks: ['55-network', '57-predict', '58-network-changes', '59-change-sequences'],
  lives: ['55-upgrade', '70-lifecycle', '85-accelerator', '87-home-moved', '90-service'],
} as const;

/** For vitest, in the order of their names. */
export function realFiles(): string[] {
  const taken = ALL ? [...ALWAYS, ...Object.values(CLASSES).flat()] : [...ALWAYS, ...Object.entries(CLASSES).map(([name, files]) => pickOf(name, files))];
  return taken.toSorted().map((name) => `test/real/${name}.test.ts`);
}
