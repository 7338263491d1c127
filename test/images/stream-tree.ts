/** Trees of simplestreams in the shapes of cloud-images.ubuntu.com, signed by keys that the test makes, for a server on loopback. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Behaviour } from './web-server.ts';

export interface Signer extends Disposable {
  /** A file with the public key. */
  readonly keys: string;
  /** @param how  further words for gpg */
  sign(text: string, how?: readonly string[]): Buffer;
}

/** @param how  for gpg, when it makes the key;  expires  of the key: `never`, `1d` */
export function makeSigner(how: readonly string[] = [], expires = 'never'): Signer {
  const home = mkdtempSync(join(tmpdir(), 'hf-gpg-'));
  const gpg = (words: readonly string[], input = ''): Buffer => execFileSync('gpg', ['--homedir', home, '--batch', '--quiet', '--no-tty', ...words], { input, stdio: ['pipe', 'pipe', 'pipe'], maxBuffer: 64 * 1024 * 1024 });
  gpg([...how, '--passphrase', '', '--quick-gen-key', 'Test <test@images.example>', 'ed25519', 'sign', expires]);
  const keys = join(home, 'keys.asc');
  writeFileSync(keys, gpg(['--armor', '--export']));
  return {
    keys,
    sign: (text, more = []) => gpg([...more, '--clearsign'], text),
    [Symbol.dispose]() {
      execFileSync('gpgconf', ['--homedir', home, '--kill', 'all']);
      rmSync(home, { recursive: true, force: true });
    },
  };
}

export interface ProductShape {
  readonly aliases: string;
  readonly arch?: string;
  readonly release: string;
  readonly title: string;
  readonly supported?: boolean;
  readonly os?: string;
  /** Oldest first: what lies at each path. */
  readonly versions: Readonly<Record<string, { readonly item?: string; readonly path: string; readonly bytes: Buffer }>>;
}

/** As the real ones: other files stand beside the disk image, and nothing says which is meant. */
export function productOf({ aliases, arch = 'amd64', release, title, supported = true, os = 'ubuntu', versions }: ProductShape): object {
  const version = title.replace(/ LTS$/, '');
  return {
    aliases, arch, os, release, release_codename: release, release_title: title, support_eol: '2029-05-31', supported, version,
    versions: Object.fromEntries(Object.entries(versions).map(([name, { item = 'disk1.img', path, bytes }]) => [name, {
      items: {
        [item]: { ftype: item, md5: createHash('md5').update(bytes).digest('hex'), path, sha256: createHash('sha256').update(bytes).digest('hex'), size: bytes.length },
        manifest: { ftype: 'manifest', md5: '0'.repeat(32), path: `${path}.manifest`, sha256: '0'.repeat(64), size: 17562 },
        squashfs: { ftype: 'squashfs', md5: '1'.repeat(32), path: `${path}.squashfs`, sha256: '1'.repeat(64), size: 249946112 },
      },
      label: 'release', pubname: `ubuntu-${release}-${version}-${arch}-server-${name}`,
    }])),
  };
}

export function productsJson(contentId: string, products: Readonly<Record<string, object>>): string {
  return JSON.stringify({ content_id: contentId, creator: 'test', datatype: 'image-downloads', format: 'products:1.0', license: 'none', products, updated: 'Wed, 25 Nov 2026 04:00:00 +0000' }, undefined, 1);
}

export function indexJson(contentId: string, path = `streams/v1/${contentId}.json`): string {
  return JSON.stringify({
    format: 'index:1.0', updated: 'Wed, 25 Nov 2026 04:00:00 +0000',
    index: {
      [contentId]: { datatype: 'image-downloads', format: 'products:1.0', path, products: [], updated: 'Wed, 25 Nov 2026 04:00:00 +0000' },
      'com.ubuntu.cloud:released:aws': { datatype: 'image-ids', format: 'products:1.0', path: 'streams/v1/com.ubuntu.cloud:released:aws.json', products: [] },
    },
  });
}

/** Path from the server's root, and what is there. */
export type Tree = Map<string, Buffer>;

/** Puts a signed index and its list below `at`. */
export function plantStream(tree: Tree, at: string, contentId: string, products: Readonly<Record<string, object>>, signer: Signer, how: readonly string[] = []): void {
  tree.set(`${at}streams/v1/index.sjson`, signer.sign(indexJson(contentId), how));
  tree.set(`${at}streams/v1/${contentId}.sjson`, signer.sign(productsJson(contentId, products), how));
}

/** Serves it with tags, and says so when a client has the same already; ranges are not needed for what is so small. */
export function serveTree(tree: Tree): Behaviour {
  return ({ url = '', headers }, response) => {
    const bytes = tree.get(decodeURIComponent(url));
    if (bytes === undefined) return void response.writeHead(404).end();
    const etag = `"${createHash('sha256').update(bytes).digest('hex').slice(0, 16)}"`;
    if (headers['if-none-match'] === etag) return void response.writeHead(304, { etag }).end();
    return void response.writeHead(200, { etag, 'content-length': bytes.length }).end(bytes);
  };
}
