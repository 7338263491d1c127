import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { basename, dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { lookAround } from '../../src/guest/look/in-guest.ts';
import { MAX_LINKS } from '../../src/guest/look/look.ts';
import { SSH_SOCKET } from '../../src/guest/user-ssh.ts';
import { AGENT_VERSIONS, frozenAgent } from '../upgrade/agents.ts';
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

test('among hundreds of interfaces the one of hardware is seen, whatever its name, and not all others are', async () => {
  await using root = await makeGuestRoot();
  const links = join(root.directory, 'sys/class/net');
  await mkdir(join(links, 'enp1s0/device'), { recursive: true });
  await writeFile(join(links, 'enp1s0/address'), '52:54:00:ae:7b:6e\n');
  await writeFile(join(links, 'enp1s0/flags'), '0x1003\n');
  await writeFile(join(links, 'enp1s0/carrier'), '1\n');
  await Promise.all(Array.from({ length: 450 }, (_, index) => mkdir(join(links, `cali${1000 + index}`))));
  const look = await lookAround(root.shell, 30_000, new AbortController().signal);
  expect(look.links).toContainEqual({ name: 'enp1s0', mac: '52:54:00:ae:7b:6e', up: true, carrier: true });
  expect(look.links).toHaveLength(MAX_LINKS);
});

test('the door for users\' own ssh clients is seen where it is, and that it is missing', async () => {
  await using root = await makeGuestRoot();
  const sees = async (): Promise<boolean> => (await lookAround(root.shell, 30_000, new AbortController().signal)).userDoor;
  expect(await sees()).toBe(false);
  await mkdir(join(root.directory, dirname(SSH_SOCKET)));
  const door = createServer().listen(join(root.directory, SSH_SOCKET));
  await once(door, 'listening');
  expect(await sees()).toBe(true);
  door.close();
});

test.each(AGENT_VERSIONS)('a doorman of %s has such a door: one that lacks it is broken', (version) => {
  const { files } = frozenAgent(version);
  expect(files.filter(({ content }) => content.includes(`"/${basename(SSH_SOCKET)}"`) && content.includes(`"${dirname(SSH_SOCKET)}"`))).toHaveLength(1);
});
