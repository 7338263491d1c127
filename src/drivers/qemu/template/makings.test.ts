import { expect, test } from 'vitest';
import { TemplateMakings } from './makings.ts';
import type { Template } from './store.ts';

const wanted = { architecture: 'x86_64', imageDigest: 'd', imageFormat: 'qcow2', cpus: 1, memoryBytes: 1 } as const;
const made = { key: 'made' } as Template;

test('who wants the same waits for one making, and is told what it is at', async () => {
  const { promise, resolve } = Promise.withResolvers<Template>();
  let count = 0;
  const makings = new TemplateMakings((_wanted, _zone, { progress }) => {
    count += 1;
    queueMicrotask(() => progress('Booting'));
    return promise;
  });
  const stages: string[] = [];
  const work = () => ({ signal: new AbortController().signal, progress: (stage: string) => { stages.push(stage); } });
  const both = Promise.all([makings.join(wanted, 'UTC', work()), makings.join(wanted, 'UTC', work())]);
  resolve(made);
  expect(await both).toEqual([made, made]);
  expect(count).toBe(1);
  expect(stages).toEqual(['Booting', 'Booting']);
});

test('it is called off when the last who waits has gone, and not before', async () => {
  const aborted: boolean[] = [];
  const makings = new TemplateMakings((_wanted, _zone, { signal }) => new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => {
      aborted.push(true);
      reject(signal.reason as Error);
    });
  }));
  const [first, second] = [new AbortController(), new AbortController()];
  const work = (signal: AbortSignal) => ({ signal, progress: () => {} });
  const a = makings.join(wanted, 'UTC', work(first.signal));
  const b = makings.join(wanted, 'UTC', work(second.signal));
  first.abort(new Error('first left'));
  await expect(a).rejects.toThrow('first left');
  expect(aborted).toEqual([]);
  second.abort(new Error('second left'));
  await expect(b).rejects.toThrow('second left');
  expect(aborted).toEqual([true]);
});
