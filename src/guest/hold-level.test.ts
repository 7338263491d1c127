import { describe, expect, test } from 'vitest';
import { holdOf } from './hold-level.ts';

const facts = { name: 'apollo', quietMs: 12_000, overdueMs: -1, graceMs: 10_000, why: undefined, addressAnswers: false, hasConsole: true, ending: false };

describe('holdOf', () => {
  test('a guest that never answered is waited for', () => {
    expect(holdOf({ ...facts, quietMs: undefined })).toEqual({ level: 'none', reason: 'waiting for the guest' });
  });

  test('one that never answered, and has had its time to come up, is lost', () => {
    expect(holdOf({ ...facts, quietMs: undefined, overdueMs: 10_000 })).toMatchObject({ level: 'lost', reason: expect.stringMatching(/^apollo is running, but its control lane has not answered yet;/) });
  });

  test('a short silence is no news', () => {
    expect(holdOf({ ...facts, quietMs: 9_999 })).toEqual({ level: 'held', reason: null });
  });

  test('says what happened, to which thing, and what to do', () => {
    expect(holdOf(facts)).toEqual({ level: 'lost', reason: 'apollo is running, but its control lane has not answered for 12 s; its console is open: holdfast logs apollo' });
  });

  test('names the address when that still answers', () => {
    expect(holdOf({ ...facts, addressAnswers: true, why: 'nothing in the guest has it open' })).toEqual({
      level: 'by-address', reason: 'apollo is running, but its control lane has not answered for 12 s (nothing in the guest has it open); it is reached by its address instead',
    });
  });

  test('a guest that is going down by intent is not lost', () => {
    expect(holdOf({ ...facts, ending: true })).toEqual({ level: 'none', reason: null });
  });
});
