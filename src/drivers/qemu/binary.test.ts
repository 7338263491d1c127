import { expect, test } from 'vitest';
import { newestOf } from './binary.ts';

const HELP = `Supported machines are:
pc-q35-7.2           Standard PC (Q35 + ICH9, 2009)
q35                  Standard PC (Q35 + ICH9, 2009) (alias of pc-q35-10.1)
pc-q35-10.1          Standard PC (Q35 + ICH9, 2009)
pc-q35-9.2           Standard PC (Q35 + ICH9, 2009)
pc-q35-2.10          Standard PC (Q35 + ICH9, 2009)
pc-i440fx-11.0       Standard PC
`;

test('the newest versioned type, by number and not by spelling', () => {
  expect(newestOf(HELP, 'pc-q35')).toBe('pc-q35-10.1');
});

test('too old, or of another family, is none', () => {
  expect(newestOf('pc-q35-7.1    x\npc-q35-6.2   x\n', 'pc-q35')).toBeUndefined();
  expect(newestOf(HELP, 'virt')).toBeUndefined();
});
