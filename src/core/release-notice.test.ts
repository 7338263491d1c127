import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isLater, releaseNotice } from './release-notice.ts';

const news = { version: '0.2.0', title: 'Holdfast 0.2', description: 'Zones', url: 'https://example.org/0.2' };

test('a later release is told', () => {
  expect(releaseNotice(news, '0.1.9')).toEqual({ title: 'Holdfast 0.2', description: 'Zones', url: 'https://example.org/0.2' });
  expect(releaseNotice({ version: 'v1.10.0', url: 'https://example.org' }, '1.9.3')).toEqual({ title: 'Holdfast v1.10.0', description: '', url: 'https://example.org' });
});

test('the same, an earlier, and what is no news is not', () => {
  expect([isLater('0.1.0', '0.1.0'), isLater('0.0.9', '0.1.0'), isLater('next', '0.1.0'), isLater('0.2.0-rc1', '0.1.0')]).toEqual([false, false, false, false]);
  expect(releaseNotice({ ...news, url: 'http://example.org' }, '0.1.0')).toBeUndefined();
  expect(releaseNotice({ ...news, version: 7 }, '0.1.0')).toBeUndefined();
  fc.assert(fc.property(fc.jsonValue(), (value) => { expect(() => releaseNotice(value, '0.1.0')).not.toThrow(); }));
});
