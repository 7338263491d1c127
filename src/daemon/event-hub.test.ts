import { expect, test } from 'vitest';
import { eventHub, type EventHub } from './event-hub.ts';

function hub(events: number): EventHub {
  const made = eventHub('d1');
  for (let number = 1; number <= events; number += 1) made.publish({ type: 'operation', operation: String(number) }, null);
  return made;
}

function heard(from: EventHub, after?: string): [string, string][] {
  const told: [string, string][] = [];
  from.subscribe(({ id, event }) => told.push([id, event.type === 'operation' ? event.operation : event.type]), after)();
  return told;
}

test('who resumes hears what came since, and who begins nothing of before', () => {
  expect(heard(hub(3))).toEqual([]);
  expect(heard(hub(3), 'd1-1')).toEqual([['d1-2', '2'], ['d1-3', '3']]);
  expect(heard(hub(3), 'd1-3')).toEqual([]);
  expect(heard(hub(0), 'd1-0')).toEqual([]);
});

test.each(['d0-2', '2', 'd1-4', 'd1-', 'd1--1', 'd1-1.5', 'd1-0x1', 'nonsense', ''])('who saw %j last is told that there is a gap, and where he is now', (after) => {
  expect(heard(hub(3), after)).toEqual([['d1-3', 'gap']]);
});

test('of more than a thousand the first are forgotten, and that is told to whom they were news', () => {
  const many = hub(1_005);
  expect(heard(many, 'd1-4')).toEqual([['d1-1005', 'gap']]);
  expect(heard(many, 'd1-5')).toHaveLength(1_000);
  expect(heard(many, 'd1-5')[0]).toEqual(['d1-6', '6']);
});
