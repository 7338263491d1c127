/** What serves a native mount for root's daemon, with a script in its place: whose it is, what it may, what it may not. */
import { execFile } from 'node:child_process';
import { chmod, chown, lstat, mkdir, mkdtemp, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { confinedCommand } from '../../src/drivers/qemu/native/confined.ts';

const isPossible = process.platform === 'linux' && process.getuid?.() === 0 && await promisify(execFile)('unshare', ['--user', 'perl', '-e', '1']).then(() => true, () => false);
const PERSON = { uid: 61_001, gid: 61_002 };
const MACHINE = 1_900_000_001;
let directory: string;
let source: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'holdfast-confined-'));
  await chmod(directory, 0o711);
  source = join(directory, 'shared');
  await mkdir(source);
  await chown(source, PERSON.uid, PERSON.gid);
});
afterEach(async () => { await rm(directory, { recursive: true }); });

/** @returns what the script said */
async function confined(script: string, flavour: 'c' | 'rust' = 'c'): Promise<string> {
  const path = join(directory, 'server');
  await writeFile(path, `#!/bin/sh\ncd ${source}\n${script}\n`);
  await chmod(path, 0o755);
  const command = confinedCommand({
    way: { kind: 'virtiofs', path, flavour, confinement: 'namespace' }, source, person: PERSON, guest: { uid: 1000, gid: 33 }, socketPath: join(directory, 'fs0'), machineUid: MACHINE,
  }, process.arch);
  return (await promisify(execFile)(command?.tool ?? '', [...command?.args ?? []], { env: { PATH: '/usr/bin:/bin', LC_ALL: 'C' } })).stdout;
}

test.skipIf(!isPossible)('it is the person, with nobody else in sight, and has the socket that only the machine may connect to', async () => {
  expect(await confined('id -u; id -g; id -G; cat /proc/self/uid_map /proc/self/gid_map | tr -s " "; [ -S /proc/self/fd/3 ] && echo socket; grep -c "NoNewPrivs:.1" /proc/self/status; [ $(ulimit -n) -le 65536 ] && echo bounded; echo mine > a'))
    .toBe('1000\n33\n33\n 1000 61001 1\n 33 61002 1\nsocket\n1\nbounded\n');
  const { uid, gid } = await stat(join(source, 'a'));
  expect([uid, gid, await readFile(join(source, 'a'), 'utf8')]).toEqual([PERSON.uid, PERSON.gid, 'mine\n']);
  const socket = await lstat(join(directory, 'fs0'));
  expect([socket.isSocket(), socket.uid, socket.gid, socket.mode & 0o777]).toEqual([true, MACHINE, MACHINE, 0o600]);
});

test.skipIf(!isPossible)('the one that translates ids is root in there, and still nobody but the person', async () => {
  expect(await confined('id -u; id -g; echo mine > a', 'rust')).toBe('0\n0\n');
  expect((await stat(join(source, 'a'))).uid).toBe(PERSON.uid);
});

test.skipIf(!isPossible)('what is another\'s stays that, whatever rights it has in its namespace', async () => {
  const secret = join(directory, 'secret');
  await writeFile(secret, 'secret', { mode: 0o600 });
  await symlink(secret, join(source, 'link'));
  await writeFile(join(source, 'roots'), 'root', { mode: 0o644 });
  expect(await confined('cat link 2>&1 | sed "s/.*: //"; (echo x >> roots) 2>&1 | sed "s/.*: //"; chown 0 roots 2>&1 | sed "s/.*: //"; cat roots')).toBe('Permission denied\nPermission denied\nInvalid argument\nroot');
});

test.skipIf(!isPossible)('no file comes to run as somebody: the bits for that are refused, by each call that could set them', async () => {
  const script = String.raw`
echo x > f
for mode in 4755 2755 6755; do chmod $mode f 2>/dev/null && echo chmod $mode; done
perl -MFcntl -e 'for my $mode (04755, 02755) { sysopen(my $f, "new$mode", O_CREAT | O_WRONLY, $mode) and print "open $mode\n" }'
mknod -m 4755 fifo p 2>/dev/null && echo mknod
chmod 755 f && mkdir -m 1777 d && perl -MFcntl -e 'sysopen(my $f, "plain", O_CREAT | O_WRONLY, 0755) and print "plain\n"'`;
  expect(await confined(script)).toBe('plain\n');
  expect((await stat(join(source, 'f'))).mode & 0o7777).toBe(0o755);
});
