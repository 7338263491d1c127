import { expect, test } from 'vitest';
import { requireLane } from './cycles.ts';

test('a lane that was passed over is dead, though it is named', () => {
  expect(() => requireLane('session', 'apollo', 'carried by: lane\n')).not.toThrow();
  expect(() => requireLane('session', 'apollo', 'carried by: address; passed over: its session lane: no banner within 2 s\n')).toThrow("apollo's session lane was dead");
  expect(() => requireLane('bulk', 'apollo', '')).toThrow("apollo's bulk lane was dead");
});
