/** An image that boots comes from a remote as a person's does: a signed simplestreams tree, served on this machine. */
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, inject, test } from 'vitest';
import { makeSigner, plantStream, productOf, serveTree, type Tree } from '../images/stream-tree.ts';
import { openWebServer } from '../images/web-server.ts';
import { makeTestHome } from './home.ts';
import { shareTemplates, slowness } from './provided.ts';

/** For the daemon that the first command starts. */
const ONLINE = { HOLDFAST_OFFLINE: '' };
const HOST = process.arch === 'arm64' ? 'arm64' : 'amd64';
const CONTENT_ID = 'com.ubuntu.cloud:released:download';

/** The guest image, a sector longer: another image to whoever goes by hashes. */
async function otherImage(): Promise<Buffer> {
  const directory = inject('images');
  const [name] = (await readdir(directory)).filter((each) => each.endsWith('.qcow2'));
  if (name === undefined) throw new Error(`there is no image in ${directory}`);
  return Buffer.concat([await readFile(join(directory, name)), Buffer.alloc(512)]);
}

test('launch alone downloads the current LTS of a remote, verifies it, and boots it; spoilt on the way it is refused', { timeout: 600_000 * slowness() }, async () => {
  const bytes = await otherImage();
  using signer = makeSigner();
  await using server = await openWebServer();
  const tree: Tree = new Map([['/releases/server/noble.img', bytes]]);
  plantStream(tree, '/releases/', CONTENT_ID, {
    noble: productOf({ arch: HOST, aliases: '24.04,n,noble,lts,default', release: 'noble', title: '24.04 LTS', versions: { '20261101': { path: 'server/noble.img', bytes } } }),
  }, signer);
  await using home = await makeTestHome();
  await shareTemplates(home.directory, 'linked');
  await home.must(['set', `local.image.keys=${signer.keys}`]);
  await home.must(['set', `local.image.mirror=${server.origin}`]);
  await home.endDaemon();

  const spoilt = Buffer.from(bytes);
  spoilt.writeUInt8(spoilt.readUInt8(bytes.length >> 1) ^ 1, bytes.length >> 1);
  server.behave(serveTree(new Map([...tree, ['/releases/server/noble.img', spoilt]])));
  expect(await home.run(['launch', '--name', 'apollo', '--cold'], { env: ONLINE })).toMatchObject({ code: 2, stderr: expect.stringMatching(/SHA-256|checksum/i) });
  expect((await home.must(['list', '--format', 'csv'])).stdout.trim().split('\n')).toHaveLength(1);

  server.behave(serveTree(tree));
  expect((await home.must(['find', 'lts', '--format', 'csv'])).stdout).toContain('24.04 LTS');
  expect((await home.must(['launch', '--name', 'apollo', '--cold'], { timeoutMs: 500_000 })).stdout).toBe('Launched: apollo in zone1\n');
  expect((await home.must(['exec', 'apollo', '--', 'hostname'])).stdout).toBe('apollo\n');
  const { info } = JSON.parse((await home.must(['info', 'apollo', '--format', 'json'])).stdout) as { info: Record<string, { image_hash: string; image_release: string }> };
  expect(info['apollo']).toMatchObject({ image_release: '24.04 LTS' });
  expect(createHash('sha256').update(bytes).digest('hex').startsWith(info['apollo']?.image_hash ?? '-')).toBe(true);
});
