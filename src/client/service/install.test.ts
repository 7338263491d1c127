import { expect, test } from 'vitest';
import { proxyNotice } from './install.ts';

test('a proxy of the shell is told not to be the service\'s, and its password is not', () => {
  expect(proxyNotice({ scope: 'system' }, { PATH: '/bin', http_proxy: '' })).toEqual([]);
  const [notice = '', ...more] = proxyNotice({ scope: 'system' }, { https_proxy: 'http://me:secret@proxy.example:3128', no_proxy: 'localhost' });
  expect(more).toEqual([]);
  expect(notice).toMatch(/^Notice: https_proxy, no_proxy of this shell are not .* systemctl edit holdfast/);
  expect(notice).not.toContain('secret');
  expect(proxyNotice({ scope: 'user' }, { HTTP_PROXY: 'http://proxy.example:3128' })[0]).toMatch(/^Notice: HTTP_PROXY of this shell is not .* systemctl --user edit /);
});
