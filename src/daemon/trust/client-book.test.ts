import { expect, test } from 'vitest';
import type { TrustedClient } from '../../store/trusted-clients.ts';
import { clientBook } from './client-book.ts';

function bookOf(names: Readonly<Record<string, string>>) {
  const trusted: TrustedClient[] = Object.entries(names).map(([fingerprint, name]) => ({ fingerprint, name, address: '10.0.0.7', since: '2026-09-01T10:00:00.000Z' }));
  const done: string[] = [];
  const book = clientBook({
    clients: {
      has: () => true, all: () => trusted, add: () => {},
      remove: (fingerprint) => {
        trusted.splice(trusted.findIndex((each) => each.fingerprint === fingerprint), 1);
        done.push(`removed ${fingerprint}`);
      },
    },
    connections: () => ({ countOf: () => 2, end: (fingerprint) => { done.push(`ended ${fingerprint}`); return 2; } }),
    log: { line: (cause, _instance, message) => done.push(`${cause}: ${message}`) },
    now: () => 5,
  });
  return { book, done };
}

test('one is forgotten by its name or its fingerprint: no more trusted first, then cut off, and the log tells', () => {
  const { book, done } = bookOf({ 'sha256:aa': 'holdfast ann@laptop', 'sha256:bb': 'bob' });
  expect(book.list().map(({ name, connections }) => [name, connections])).toEqual([['ann@laptop', 2], ['bob', 2]]);
  expect(book.forget('ann@laptop')).toEqual({ fingerprint: 'sha256:aa', name: 'ann@laptop', connections: 2 });
  expect(done).toEqual(['removed sha256:aa', 'ended sha256:aa', expect.stringMatching(/^forgot sha256:aa 5: holdfast ann@laptop \(sha256:aa\) was forgotten.*ended: 2$/)]);
  expect(book.forget('sha256:bb').name).toBe('bob');
  expect(() => book.forget('bob')).toThrow(expect.objectContaining({ code: 'not-found', hint: 'who is: holdfast clients' }));
});

test('where two have a name none of them is meant, and a name that is another\'s fingerprint means that one', () => {
  const { book, done } = bookOf({ 'sha256:aa': 'ann', 'sha256:bb': 'ann', 'sha256:cc': 'sha256:aa' });
  expect(() => book.forget('ann')).toThrow(expect.objectContaining({ code: 'bad-argument', hint: expect.stringContaining('sha256:aa, sha256:bb') as string }));
  expect(done).toEqual([]);
  expect(book.forget('sha256:aa').fingerprint).toBe('sha256:aa');
});
