import { expect, test, vi } from 'vitest';
import { fail } from '../core/errors.ts';
import type { InstanceRecord } from '../store/instances.ts';
import { Supervisor } from './supervisor.ts';

test.each([
  [fail('no-space', 'the database is full'), 'free some disk space where the home is'],
  [fail('home-unusable', 'the database is read-only'), 'how it stands: holdfast info apollo; what is not written down yet, the next daemon finds out again'],
])('what was seen and cannot be kept is so all the same, and the log says what to do about it: %s', (error, remedy) => {
  const record = { instance: { id: '00c0ffee', name: 'apollo', spec: {}, zone: 'zone1', owner: 0 }, observed: { state: 'Running', reason: null, at: '' } } as unknown as InstanceRecord;
  const line = vi.fn();
  const parts = { store: { setObserved: () => { throw error; } }, log: { line }, events: { publish: () => {} }, zones: { isAvailable: () => true } };
  const supervisor = new Supervisor(record, parts as unknown as ConstructorParameters<typeof Supervisor>[1]);
  supervisor.settle('Stopped');
  expect(supervisor.state).toBe('Stopped');
  expect(line.mock.calls).toEqual([['store', 'apollo', `what was seen of apollo could not be kept: ${error.message}`, remedy]]);
});
