import { expect, test } from 'vitest';
import { STATES } from './instance.ts';
import { ACTIONS, requireLegal, ruling } from './lifecycle.ts';

test.each(STATES.flatMap((state) => ACTIONS.map((action) => [state, action] as const)))('%s, %s: ruled, and refused in words', (state, action) => {
  const decided = ruling(state, action);
  if (decided !== 'refuse') expect(requireLegal('apollo', state, null, action)).toBe(decided);
  else expect(() => requireLegal('apollo', state, 'why', action)).toThrow(/apollo/);
});

test('what is in an unknown state is to be stopped before it is started', () => {
  expect(() => requireLegal('apollo', 'Unknown', 'it cannot be taken over', 'start')).toThrow(/^Instance 'apollo' is already running, but in an unknown state\. Try to stop it first\.$/);
  expect(ruling('Unknown', 'stop')).toBe('do');
});

test('a command starts only what was stopped or suspended on purpose', () => {
  expect([ruling('Stopped', 'exec'), ruling('Suspended', 'exec')]).toEqual(['do', 'do']);
  expect(() => requireLegal('apollo', 'Crashed', 'its kernel panicked', 'exec')).toThrow('apollo crashed: its kernel panicked');
});

test.each([
  ['Running', /^stop it: holdfast stop apollo$/],
  ['Suspended', /^start it, then stop it: holdfast start apollo, then holdfast stop apollo; /],
  ['Unavailable', /holdfast enable-zones/],
] as const)('what is %s is changed after what the refusal says', (state, hint) => {
  expect(() => requireLegal('apollo', state, null, 'modify')).toThrow(expect.objectContaining({
    message: 'Cannot update instance settings; instance: apollo; reason: Instance must be stopped for modification', hint: expect.stringMatching(hint) as string,
  }) as Error);
});

test('whatever state it is in, it can be removed for good, which a refused delete names as its remedy', () => {
  for (const state of STATES) {
    expect(ruling(state, 'purge')).toBe('do');
    if (ruling(state, 'delete') === 'refuse') expect(() => requireLegal('apollo', state, null, 'delete')).toThrow(expect.objectContaining({ hint: expect.stringContaining('holdfast delete --purge apollo') as string }) as Error);
  }
});
