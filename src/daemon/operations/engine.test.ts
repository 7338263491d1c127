import { setImmediate } from 'node:timers/promises';
import { expect, test, vi } from 'vitest';
import { fail } from '../../core/errors.ts';
import { openDb } from '../../store/db.ts';
import { operationStore } from '../../store/operations.ts';
import { eventHub } from '../event-hub.ts';
import { OperationEngine, type Begin, type Task } from './engine.ts';

function setUp() {
  const store = operationStore(openDb(':memory:'));
  const onStep = vi.fn();
  const onBug = vi.fn();
  return { store, onStep, onBug, engine: new OperationEngine(store, eventHub(), { onStep, onBug }) };
}

const work = (body: Begin['body']): Begin => ({ kind: 'launch', instanceName: 'apollo', instanceId: null, request: { a: 1 }, owner: null, body });

function untilAborted(task: Task): Promise<never> {
  return new Promise((_, reject) => { task.signal.addEventListener('abort', () => reject(task.signal.reason as Error)); });
}

test('an operation is recorded before each step, and its end is kept', async () => {
  const { engine, store, onStep } = setUp();
  const { id } = engine.begin(work((task) => {
    task.bind('00c0ffee');
    task.step('create');
    expect(store.unfinished()).toMatchObject([{ step: 'create', instance: '00c0ffee', request: '{"a":1}' }]);
    task.progress('Creating apollo', 0.5);
    task.notice('slow');
    task.notice('slow');
    return Promise.resolve({ name: 'apollo' });
  }));
  const ended = await engine.ended(id);
  expect(ended).toMatchObject({ status: 'done', stage: 'Creating apollo', notices: ['slow'], result: { name: 'apollo' }, error: null });
  expect(engine.get(id)).toEqual(ended);
  expect(onStep.mock.calls).toEqual([['launch', 'create']]);
  expect(store.unfinished()).toEqual([]);
});

test('who follows sees it as it stands, each change and the end', async () => {
  const { engine } = setUp();
  const gate = Promise.withResolvers<void>();
  const { id } = engine.begin(work(async (task) => {
    await gate.promise;
    task.progress('Starting apollo');
    return {};
  }));
  const seen: string[] = [];
  engine.follow(id, ({ status, stage }) => seen.push(`${status}:${stage}`));
  gate.resolve();
  await engine.ended(id);
  expect(seen).toEqual(['running:', 'running:Starting apollo', 'done:Starting apollo']);
});

test('cancelling answers once it is undone', async () => {
  const { engine, onBug } = setUp();
  let undone = false;
  const { id } = engine.begin(work(async (task) => {
    try { return await untilAborted(task); } finally { undone = true; }
  }));
  await setImmediate();
  const ended = await engine.cancel(id);
  expect(undone).toBe(true);
  expect(ended).toMatchObject({ status: 'cancelled', error: { code: 'cancelled' } });
  expect(onBug).not.toHaveBeenCalled();
});

test('a cancelled operation begins no further step', async () => {
  const { engine, onStep } = setUp();
  const { id } = engine.begin(work(async (task) => {
    await untilAborted(task).catch(() => {});
    task.step('start');
    return {};
  }));
  await setImmediate();
  expect((await engine.cancel(id)).status).toBe('cancelled');
  expect(onStep).not.toHaveBeenCalled();
});

test('a known failure is told as it is; a bug is told as a bug, and reported', async () => {
  const { engine, onBug } = setUp();
  const known = engine.begin(work(() => Promise.reject(fail('no-space', 'the disk is full', { hint: 'free some' }))));
  expect((await engine.ended(known.id)).error).toEqual({ code: 'no-space', message: 'the disk is full', hint: 'free some' });
  expect(onBug).not.toHaveBeenCalled();
  const bug = engine.begin(work(() => Promise.reject(new TypeError('x is undefined'))));
  expect((await engine.ended(bug.id)).error).toMatchObject({ code: 'internal', message: 'TypeError: x is undefined' });
  expect(onBug).toHaveBeenCalledOnce();
});

test('what a dead daemon left goes on under its old id', async () => {
  const { engine, store } = setUp();
  const { id } = engine.begin(work(() => new Promise(() => {})));
  const next = new OperationEngine(store, eventHub(), { onStep: () => {}, onBug: () => {} });
  const [row] = store.unfinished();
  if (!row) throw new Error('nothing unfinished');
  next.resume(row, () => Promise.resolve({ name: 'apollo' }));
  expect(await next.ended(id)).toMatchObject({ id, status: 'done' });
});

test('an unknown operation is an error that says so', () => {
  expect(() => setUp().engine.get('nope')).toThrow('there is no operation nope');
});

test('an end that cannot be recorded is told all the same', async () => {
  const { engine, store, onBug } = setUp();
  const full = fail('no-space', 'the disk is full');
  const { id } = engine.begin(work(async () => {
    vi.spyOn(store, 'update').mockImplementation(() => { throw full; });
    return {};
  }));
  expect(await engine.ended(id)).toMatchObject({ status: 'done' });
  expect(engine.get(id)).toMatchObject({ status: 'done' });
  expect(onBug).not.toHaveBeenCalled();
});
