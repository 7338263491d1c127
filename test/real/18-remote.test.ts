/** An image that boots comes from a remote as a person's does: a signed simplestreams tree, served on this machine. */
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, inject, test } from 'vitest';
import { makeSigner, plantStream, productOf, serveTree, type Tree } from '../images/stream-tree.ts';
import { openWebServer } from '../images/web-server.ts';
import { openHomeUnderTest, slowness } from './provided.ts';

const home = openHomeUnderTest();
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
  const settings = { 'local.image.keys': signer.keys, 'local.image.mirror': server.origin };
  for (const [key, value] of Object.entries(settings)) await home.must(['set', `${key}=${value}`]);
  try {
    const spoilt = Buffer.from(bytes);
    spoilt.writeUInt8(spoilt.readUInt8(bytes.length >> 1) ^ 1, bytes.length >> 1);
    server.behave(serveTree(new Map([...tree, ['/releases/server/noble.img', spoilt]])));
    expect(await home.run(['launch', '--name', 'remote', '--cold'])).toMatchObject({ code: 2, stderr: expect.stringMatching(/SHA-256|checksum/i) });
    expect((await home.run(['info', 'remote'])).code).not.toBe(0);

    server.behave(serveTree(tree));
    expect((await home.must(['find', 'lts', '--format', 'csv'])).stdout).toContain('24.04 LTS');
    expect((await home.must(['launch', '--name', 'remote', '--cold'], { timeoutMs: 500_000 })).stdout).toBe('Launched: remote in zone1\n');
    expect((await home.must(['exec', 'remote', '--', 'hostname'])).stdout).toBe('remote\n');
    const { info } = JSON.parse((await home.must(['info', 'remote', '--format', 'json'])).stdout) as { info: Record<string, { image_hash: string; image_release: string }> };
    expect(info['remote']).toMatchObject({ image_release: '24.04 LTS' });
    expect(createHash('sha256').update(bytes).digest('hex').startsWith(info['remote']?.image_hash ?? '-')).toBe(true);
  } finally {
    await home.run(['delete', '--purge', 'remote']);
    for (const key of Object.keys(settings)) await home.must(['set', `${key}=`]);
  }
});
