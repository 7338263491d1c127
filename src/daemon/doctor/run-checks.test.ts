import { expect, test } from 'vitest';
import { fail } from '../../core/errors.ts';
import { broken, well, type Check, type Finding } from '../../drivers/check.ts';
import { runChecks } from './run-checks.ts';

const check = (layer: Check['layer'], run: () => Finding | Promise<Finding>, more: Partial<Check> = {}): Check =>
  ({ id: layer, layer, title: `the ${layer}`, deadlineMs: 1_000, run: async () => await run(), ...more });
const told = async (checks: readonly Check[]) => (await runChecks(checks, new AbortController().signal)).map(({ result: { id, status, seen } }) => [id, status, seen]);

test('what depends on a broken one is skipped because of it, through any number of others; the rest is examined', async () => {
  expect(await told([
    check('lanes', () => well('they answer'), { needs: ['doorman'] }),
    check('doorman', () => well('it runs'), { needs: ['python'] }),
    check('python', () => broken('it is gone', 'install it')),
    check('link', () => well('up')),
  ])).toEqual([
    ['python', 'broken', 'it is gone'], ['doorman', 'skipped', 'because of: the python'], ['lanes', 'skipped', 'because of: the python'], ['link', 'ok', 'up'],
  ]);
});

test('what needs something that is still to come is skipped because of it', async () => {
  expect(await told([
    check('address', () => well('leased'), { needs: ['link'] }),
    check('link', () => ({ status: 'warn', seen: 'so far: it is gone', remedy: 'wait', pending: true })),
  ])).toEqual([['link', 'warn', 'so far: it is gone'], ['address', 'skipped', 'because of: the link']]);
});

test('a check that does not answer is broken after its deadline, and holds up no other', async () => {
  const startedAt = performance.now();
  expect(await told([check('machine', () => new Promise<Finding>(() => {}), { deadlineMs: 50 }), check('link', () => well('up'))]))
    .toEqual([['machine', 'broken', 'no answer within 0.1 s'], ['link', 'ok', 'up']]);
  expect(performance.now() - startedAt).toBeLessThan(1_000);
});

test('what a check throws is its finding, with the hint as remedy', async () => {
  const [examined] = await runChecks([check('disk', () => { throw fail('no-space', 'the disk is full', { hint: 'free some' }); })], new AbortController().signal);
  expect(examined?.result).toMatchObject({ status: 'broken', seen: 'the disk is full', remedy: 'free some', fixable: false });
});

test('those that need nothing of each other run beside each other', async () => {
  const both = Promise.withResolvers<void>();
  let begun = 0;
  const meet = async () => {
    begun += 1;
    if (begun === 2) both.resolve();
    await both.promise;
    return well('met');
  };
  expect((await told([check('link', meet), check('clock', meet)])).map(([, status]) => status)).toEqual(['ok', 'ok']);
});

test('a need that is not in the table does not count', async () => {
  expect(await told([check('lanes', () => well('fine'), { needs: ['doorman'] })])).toEqual([['lanes', 'ok', 'fine']]);
});

test('what is called off ends at once', async () => {
  await expect(runChecks([check('machine', () => new Promise<Finding>(() => {}))], AbortSignal.abort(fail('cancelled', 'called off')))).rejects.toThrow('called off');
});
