import { execFileSync, spawn } from 'node:child_process';
import { chmodSync, existsSync, lstatSync, mkdirSync, mkdtempSync, readFileSync, readlinkSync, renameSync, rmSync, statSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { attributeBytes, readAttributes } from './attributes.ts';
import { Beneath } from './beneath.ts';
import { NO_ATTRIBUTES, SAME, TestClient } from './client-for-tests.ts';
import { targetInGuest } from './link-target.ts';
import { SftpServer } from './server.ts';
import { ANSWER, packet, PacketReader, ProtocolError, REQUEST, STATUS, string, uint32, uint64 } from './wire.ts';

let scratch = '';
let root = '';
let client: TestClient;
beforeEach(() => {
  scratch = mkdtempSync(join(tmpdir(), 'holdfast-sftp-'));
  root = join(scratch, 'shared');
  mkdirSync(join(root, 'sub/deep'), { recursive: true });
  writeFileSync(join(root, 'a'), 'inside');
  writeFileSync(join(scratch, 'secret'), 'outside');
  client = new TestClient(root);
});
afterEach(() => {
  client[Symbol.dispose]();
  rmSync(scratch, { recursive: true });
});

describe('what a guest does beneath the directory', () => {
  test('files are written, read, renamed, linked and removed', () => {
    expect([client.write('/sub/new', 'text'), client.read('sub/new'), client.list('/'), client.list('/sub')]).toEqual([0, 'text', ['a', 'sub'], ['deep', 'new']]);
    expect(client.status(REQUEST.rename, string('/a'), string('/sub/new'))).toBe(STATUS.failure);
    expect(client.status(REQUEST.extended, string('posix-rename@openssh.com'), string('/a'), string('/sub/new'))).toBe(0);
    expect(client.status(REQUEST.extended, string('hardlink@openssh.com'), string('/sub/new'), string('/b'))).toBe(0);
    expect([client.read('/b'), statSync(join(root, 'b')).nlink]).toEqual(['inside', 2]);
    expect([client.status(REQUEST.remove, string('/b')), client.status(REQUEST.remove, string('/b'))]).toEqual([0, STATUS.noSuchFile]);
    expect([client.status(REQUEST.mkdir, string('/d'), NO_ATTRIBUTES), client.status(REQUEST.rmdir, string('/d')), client.status(REQUEST.rmdir, string('/sub'))]).toEqual([0, 0, STATUS.failure]);
  });

  test('modes and times are set, and no bit that makes a program somebody else\'s', () => {
    expect(client.status(REQUEST.setstat, string('/a'), uint32(4 | 8), uint32(0o106751), uint32(5), uint32(1_000_000_000))).toBe(0);
    const { mode, mtimeMs } = statSync(join(root, 'a'));
    expect([mode & 0o7777, mtimeMs]).toEqual([0o751, 1e12]);
    expect(client.status(REQUEST.setstat, string('/a'), uint32(1), uint64(3n))).toBe(0);
    expect(client.read('/a')).toBe('ins');
  });

  test('an owner is given by the map, and nobody else', () => {
    const own = (uid: number) => client.status(REQUEST.setstat, string('/a'), uint32(2), uint32(uid), uint32(0xffffffff));
    expect([own(1000), own(0), own(1234)]).toEqual([0, STATUS.failure, STATUS.failure]);
    const stats = new PacketReader(attributeBytes(statSync(join(root, 'a')), SAME));
    expect([stats.uint32(), stats.uint64(), stats.uint32(), stats.uint32()]).toEqual([15, 6n, 1000, 1000]);
  });

  test('a link is told as it is, and one that names the directory by its path here as it leads there', () => {
    symlinkSync('/etc/passwd', join(root, 'out'));
    symlinkSync(join(root, 'a'), join(root, 'sub/deep/in'));
    const target = (path: string) => {
      const { type, body } = client.ask(REQUEST.readlink, string(path));
      return [type, body.uint32(), body.string().toString()];
    };
    expect([target('/out'), target('/sub/deep/in')]).toEqual([[ANSWER.name, 1, '/etc/passwd'], [ANSWER.name, 1, '../../a']]);
    expect(client.status(REQUEST.symlink, string('a'), string('/made'))).toBe(0);
    expect(readlinkSync(join(root, 'made'))).toBe('a');
    expect(targetInGuest('/', Buffer.from('/x/y'), Buffer.from('/etc')).toString()).toBe('../etc');
    expect(targetInGuest('/srv', Buffer.from('/y'), Buffer.from('/srvother')).toString()).toBe('/srvother');
  });

  test('names may have any octets', () => {
    const name = Buffer.from([0x2f, 0xff, 0x0a, 0x80]);
    expect(client.status(REQUEST.mkdir, string(name), NO_ATTRIBUTES)).toBe(0);
    const { body } = client.ask(REQUEST.lstat, string(name));
    expect(body.uint32()).toBe(15);
  });
});

describe('what a hostile guest asks for', () => {
  test('neither .. nor a link leads out of the directory', () => {
    symlinkSync(scratch, join(root, 'door'));
    symlinkSync(join(scratch, 'secret'), join(root, 'key'));
    for (const path of ['/../secret', '../secret', '/sub/../../secret', '/door/secret', '/key', '/door/shared/a']) expect(client.read(path), path).not.toBe('outside');
    expect(client.read('/door/shared/a')).toBe(STATUS.noSuchFile);
    expect([client.write('/key', 'x'), client.write('/door/made', 'x'), client.status(REQUEST.remove, string('/door/secret'))]).not.toContain(0);
    expect(client.status(REQUEST.setstat, string('/key'), uint32(1), uint64(0n))).not.toBe(0);
    expect(client.status(REQUEST.setstat, string('/key'), uint32(4), uint32(0o777))).toBe(0);
    expect([readFileSync(join(scratch, 'secret'), 'utf8'), existsSync(join(scratch, 'made')), statSync(join(scratch, 'secret')).mode & 0o777]).toEqual(['outside', false, 0o644]);
    expect(lstatSync(join(root, 'key')).isSymbolicLink()).toBe(true);
  });

  test('what is no regular file is not opened', () => {
    execFileSync('mkfifo', [join(root, 'pipe')]);
    expect([client.read('/pipe'), client.write('/pipe', 'x'), client.read('/sub')]).toEqual([STATUS.failure, STATUS.failure, STATUS.failure]);
  });

  test('a directory that is exchanged for a link all the time never leads out', async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    mkdirSync(join(root, 'swapped'));
    mkdirSync(join(scratch, 'elsewhere'));
    for (const at of [join(root, 'swapped'), join(scratch, 'elsewhere')]) writeFileSync(join(at, 'file'), at.includes('elsewhere') ? 'outside' : 'inside');
    symlinkSync(join(scratch, 'elsewhere'), join(root, 'link'));
    // Another process, since each of ours is one turn: the names change while a request is in the midst of its calls.
    const swapper = inBackground(`
      const { renameSync } = require('node:fs');
      const [dir, link, aside] = process.argv.slice(1);
      for (const until = Date.now() + 3000; Date.now() < until;) { renameSync(dir, aside); renameSync(link, dir); renameSync(dir, link); renameSync(aside, dir); }
    `, [join(root, 'swapped'), join(root, 'link'), join(root, 'aside')], resolve);
    const seen = new Map<string | number, number>();
    let listed = 0;
    while (swapper.exitCode === null) {
      for (let turn = 0; turn < 50; turn += 1) {
        const read = client.read('/swapped/file');
        seen.set(read, (seen.get(read) ?? 0) + 1);
        client.write('/swapped/written', 'x');
        client.status(REQUEST.setstat, string('/swapped/file'), uint32(4), uint32(0o600));
        client.status(REQUEST.remove, string('/swapped/written'));
        listed += 1;
      }
      await new Promise(setImmediate);
    }
    await promise;
    expect(seen.get('outside')).toBeUndefined();
    // It did meet both.
    expect([seen.get('inside'), listed > (seen.get('inside') ?? 0)]).toEqual([expect.any(Number), true]);
    expect([existsSync(join(scratch, 'elsewhere/written')), statSync(join(scratch, 'elsewhere/file')).mode & 0o777]).toEqual([false, 0o644]);
  }, 20_000);

  test('a name that is another\'s by the time of the second call changes nothing of it', () => {
    renameSync(join(root, 'a'), join(root, 'b'));
    symlinkSync(join(scratch, 'secret'), join(root, 'a'));
    chmodSync(join(scratch, 'secret'), 0o640);
    expect(client.status(REQUEST.setstat, string('/a'), uint32(8), uint32(1), uint32(1))).toBe(0);
    expect(statSync(join(scratch, 'secret')).mtimeMs).toBeGreaterThan(1e12);
    unlinkSync(join(root, 'a'));
  });

  test('open files have a limit, and are given back', () => {
    const handles: Buffer[] = [];
    for (;;) {
      const { type, body } = client.ask(REQUEST.open, string('/a'), uint32(1), NO_ATTRIBUTES);
      if (type !== ANSWER.handle) break;
      handles.push(string(body.string()));
    }
    expect(handles.length).toBeLessThan(1000);
    for (const handle of handles) client.status(REQUEST.close, handle);
    expect(client.read('/a')).toBe('inside');
  });

  test('who asks for much and takes nothing is answered no further', () => {
    let [made, open] = [0, true];
    using beneath = new Beneath(root);
    using server = new SftpServer({ beneath, root, maps: SAME, send: () => { made += 1; return open; } });
    server.feed(packet(REQUEST.init, [uint32(3)]));
    open = false;
    expect(server.feed(Buffer.concat(Array.from({ length: 1000 }, (_, id) => packet(REQUEST.lstat, [uint32(id), string('/a')]))))).toBe(false);
    expect(made).toBe(2);
    open = true;
    expect(server.resume()).toBe(true);
    expect(made).toBe(1001);
  });

  test('any octets end the connection, or are answered; nothing else happens', () => {
    const type = fc.constantFrom(...Object.values(REQUEST));
    const part = fc.oneof(fc.uint8Array({ maxLength: 12 }).map((bytes) => Buffer.from(bytes)), fc.constantFrom('/a', '/sub', '..', '/../secret').map(string), fc.nat().map((value) => uint32(value >>> 0)), fc.constant(uint32(0xffffffff)));
    fc.assert(fc.property(fc.array(fc.tuple(type, fc.array(part, { maxLength: 4 })), { maxLength: 8 }), (requests) => {
      using guest = new TestClient(root);
      try {
        for (const [kind, parts] of requests) guest.server.feed(packet(kind, [uint32(1), ...parts]));
      } catch (error) {
        expect(error).toBeInstanceOf(ProtocolError);
      }
    }), { numRuns: 300 });
    expect(readFileSync(join(scratch, 'secret'), 'utf8')).toBe('outside');
  });

  test('a packet is taken however it is cut', () => {
    const whole = packet(REQUEST.lstat, [uint32(7), string('/a')]);
    fc.assert(fc.property(fc.array(fc.integer({ min: 1, max: whole.length - 1 }), { maxLength: 5 }), (cuts) => {
      using guest = new TestClient(root);
      const at = [0, ...cuts.toSorted((a, b) => a - b), whole.length];
      for (let index = 1; index < at.length; index += 1) guest.server.feed(whole.subarray(at[index - 1], at[index]));
      expect([guest.unread(), guest.read('/a')]).toEqual([1, 'inside']);
    }));
  });

  test.each([['of no length', uint32(0)], ['too long', uint32(0xfffffff0)], ['with more strings than octets', packet(REQUEST.lstat, [uint32(1), uint32(1000)])]])('a packet %s ends it', (_, bytes) => {
    expect(() => client.server.feed(bytes)).toThrow(ProtocolError);
  });

  test('attributes that say they are many are not believed', () => {
    expect(() => readAttributes(new PacketReader(Buffer.concat([uint32(0x80000000), uint32(0xffffffff)])), SAME)).toThrow(ProtocolError);
  });
});

function inBackground(script: string, args: readonly string[], ended: () => void): { readonly exitCode: number | null } {
  const child = spawn(process.execPath, ['-e', script, ...args], { stdio: ['ignore', 'inherit', 'inherit'] });
  child.once('close', ended);
  return child;
}
