import { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { strangers } from './strangers.ts';

const LIMITS = { perSource: 2, inAll: 4, lifeMs: 1000 };
const made: Peer[] = [];

class Peer extends EventEmitter {
  readonly remoteAddress: string;
  readonly remotePort = made.push(this);
  gone = false;

  constructor(address: string) {
    super();
    this.remoteAddress = address;
  }

  destroy(): void {
    this.gone = true;
    this.emit('close');
  }
}

const come = (to: ReturnType<typeof strangers>, address: string): Peer => {
  const peer = new Peer(address);
  to.admit(peer as unknown as Socket);
  return peer;
};
const gone = (peers: readonly Peer[]): boolean[] => peers.map((peer) => peer.gone);

beforeEach(() => { vi.useFakeTimers(); });
afterEach(() => { vi.useRealTimers(); });

test('of one source the longest there makes room, whatever its port or the rest of its /64 is', () => {
  const door = strangers(LIMITS);
  const many = ['2001:db8::1', '2001:db8::2', '2001:db8::3'].map((address) => come(door, address));
  const other = come(door, '10.0.0.1');
  expect([gone(many), other.gone]).toEqual([[true, false, false], false]);
});

test('in all the longest there makes room', () => {
  const door = strangers(LIMITS);
  const many = [1, 2, 3, 4, 5].map((n) => come(door, `10.0.0.${n}`));
  expect(gone(many)).toEqual([true, false, false, false, false]);
});

test('who is known stays and counts no more; who is not, goes when his time is over', () => {
  const door = strangers(LIMITS);
  const [known, stranger] = [come(door, '10.0.0.1'), come(door, '10.0.0.1')];
  door.release(known);
  const third = come(door, '10.0.0.1');
  expect(gone([known, stranger, third])).toEqual([false, false, false]);
  vi.advanceTimersByTime(LIMITS.lifeMs);
  expect(gone([known, stranger, third])).toEqual([false, true, true]);
});

test('who has left takes nobody\'s place', () => {
  const door = strangers(LIMITS);
  const [first, second] = [come(door, '10.0.0.1'), come(door, '10.0.0.1')];
  first.destroy();
  come(door, '10.0.0.1');
  expect(second.gone).toBe(false);
});
