import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { lookAround } from '../../src/guest/look/in-guest.ts';
import { makeGuestRoot } from './stand-in/guest-root.ts';

test('a look changes nothing, also where sshd lacks the directory that it wants: that is told', async () => {
  await using root = await makeGuestRoot();
  await mkdir(join(root.directory, 'etc/holdfast'));
  await writeFile(join(root.directory, 'etc/holdfast/sshd_control.conf'), '');
  await root.program('usr/bin/sshd', '[ -d $root/run/sshd ] || { echo "Missing privilege separation directory: /run/sshd" >&2; exit 255; }');
  await root.program('usr/bin/systemctl', 'exit 1');
  const before = await root.tree();
  const { sshd } = await lookAround(root.shell, 30_000, new AbortController().signal);
  const complaint = 'Missing privilege separation directory: /run/sshd';
  expect(sshd).toMatchObject({ installed: true, privateComplaint: complaint, userComplaint: complaint });
  expect(await root.tree()).toEqual(before);
});
