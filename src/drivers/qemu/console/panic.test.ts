import fc from 'fast-check';
import { expect, test } from 'vitest';
import { PanicWatch } from './panic.ts';

function watch(text: string, cuts: readonly number[] = []): { panics: string[]; kernels: number } {
  const seen = { panics: [] as string[], kernels: 0 };
  const watcher = new PanicWatch({ kernel: () => (seen.kernels += 1), panic: (reason) => seen.panics.push(reason) });
  const bytes = Buffer.from(text);
  let at = 0;
  for (const cut of cuts) {
    watcher.push(bytes.subarray(at, at + cut));
    at += cut;
  }
  watcher.push(bytes.subarray(at));
  return seen;
}

const OOPS = '[    0.512345] int3: 0000 [#1] PREEMPT SMP NOPTI\r\n[    0.512399] Kernel panic - not syncing: Fatal exception in interrupt\r\n';

test('a panic is told in the kernel\'s words, with the oops before it', () => {
  expect(watch(OOPS).panics).toEqual(['Kernel panic - not syncing: Fatal exception in interrupt (after int3: 0000 [#1])']);
});

test('however the bytes are cut, and whatever escape sequences are between', () => {
  fc.assert(fc.property(fc.array(fc.nat(30)), (cuts) => {
    expect(watch(`\u001b[0m\u001b[2J\u001b[31m${OOPS}`, cuts).panics).toHaveLength(1);
  }));
});

test('without the kernel\'s clock it is a panic too', () => {
  expect(watch('Kernel panic - not syncing: VFS: Unable to mount root fs\n').panics).toEqual(['Kernel panic - not syncing: VFS: Unable to mount root fs']);
});

test('quoted words are no panic', () => {
  expect(watch('grep: Kernel panic - not syncing: x\nlogin: root Kernel panic - not syncing: y\n').panics).toEqual([]);
});

test('firmware and boot loader are no kernel, its first line is', () => {
  expect(watch('SeaBIOS (version 1.16)\nGNU GRUB  version 2.06\n  Booting `Debian\'\nLoading Linux ...\n').kernels).toBe(0);
  expect(watch('[    0.000000] Linux version 6.1.0\n[    0.000000] Command line:\n').kernels).toBe(1);
});

test('an endless line costs no memory and hides nothing that follows', () => {
  expect(watch(`${'x'.repeat(1_000_000)}\n${OOPS}`).panics).toHaveLength(1);
});
