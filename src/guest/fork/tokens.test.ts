import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ensureInstanceKeys } from '../../host/keys.ts';
import { forkTokens, tokensOf } from './tokens.ts';

test('every token of a template has one of the fork, and written into its place gives the fork\'s own text', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'hf-tokens-'));
  try {
    const [a, b] = await Promise.all(['a', 'b'].map((name) => ensureInstanceKeys(join(directory, name))));
    if (!a || !b) throw new Error('no keys');
    const template = { name: 'hf-template-0011223344', instanceId: 'hf-template-0011223344556677', mac: '52:54:00:00:00:01', keys: a };
    const fork = { name: 'apollo', instanceId: 'holdfast-00c0ffee', mac: '52:54:00:00:00:02', keys: b };
    const tokens = forkTokens(template, fork);
    expect(Object.keys(tokens)).toEqual(tokensOf(template));
    expect(tokens[template.mac]).toBe(fork.mac);
    const replaced = (text: string) => Object.entries(tokens).reduce((result, [old, fresh]) => result.replaceAll(old, fresh), text);
    for (const role of ['laneHost', 'guestHost'] as const) expect(replaced(a[role].privateKey)).toBe(b[role].privateKey);
    for (const role of ['control', 'session', 'proxy', 'laneHost', 'guestHost'] as const) expect(replaced(a[role].publicKey)).toBe(b[role].publicKey);
  } finally {
    await rm(directory, { recursive: true });
  }
});

test('a token that could be something else\'s is refused', () => {
  const none = { privateKey: 'x'.repeat(20), publicKey: `ssh-ed25519 ${'y'.repeat(20)}` };
  const keys = { control: none, session: none, proxy: none, laneHost: none, guestHost: none };
  expect(() => tokensOf({ name: 'short', instanceId: 'holdfast-00c0ffee', mac: '52:54:00:00:00:02', keys })).toThrow('too short');
});
