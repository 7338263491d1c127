import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { endBySignals, isSameProcess, parseStat, processStartTime, signalProcess, waitForEnd } from './identity.ts';

test('a command name with spaces and parentheses does not shift the fields', () => {
  const stat = `12 (a) b (c)) S ${Array.from({ length: 18 }, (_, i) => i).join(' ')} 4711 0 0`;
  expect(parseStat(stat)).toBe('4711');
});

test('a zombie counts as ended', () => {
  expect(parseStat(`12 (x) Z ${'0 '.repeat(18)}4711 0`)).toBeUndefined();
});

test('another start time is another process', async () => {
  const startTime = await processStartTime(process.pid);
  expect(startTime).toBeDefined();
  expect(await isSameProcess({ pid: process.pid, startTime: startTime ?? '' })).toBe(true);
  expect(await isSameProcess({ pid: process.pid, startTime: `${startTime}0` })).toBe(false);
  expect(await signalProcess({ pid: process.pid, startTime: 'never' }, 'SIGKILL')).toBe(false);
});

test('waits for a process that is ending', async () => {
  const child = spawn('sleep', ['60'], { stdio: 'ignore' });
  await once(child, 'spawn');
  const identity = { pid: child.pid ?? 0, startTime: (await processStartTime(child.pid ?? 0)) ?? '' };
  expect(await waitForEnd(identity, 20)).toBe(false);
  expect(await signalProcess(identity, 'SIGKILL')).toBe(true);
  expect(await waitForEnd(identity, 5000)).toBe(true);
});

test('one that does not mind being asked to end is made to; what has ended needs nothing', async () => {
  const child = spawn(process.execPath, ['-e', "process.on('SIGTERM', () => {}); console.log('ready'); setInterval(() => {}, 1e6)"], { stdio: ['ignore', 'pipe', 'ignore'] });
  try {
    await once(child.stdout, 'data');
    const identity = { pid: child.pid ?? 0, startTime: (await processStartTime(child.pid ?? 0)) ?? '' };
    const left = once(child, 'exit');
    expect(await endBySignals(identity, 50)).toBe(true);
    expect(await left).toEqual([null, 'SIGKILL']);
    expect(await endBySignals(identity, 60_000)).toBe(true);
  } finally {
    child.kill('SIGKILL');
  }
});
