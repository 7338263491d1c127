import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { base64 } from './base64.ts';
import { boothookScript } from './boothook.ts';
import { checkUserData, withHeader } from './check.ts';
import { makesUserEarly } from './early-user.ts';
import { composeUserData } from './compose.ts';
import { seedFiles } from './seed.ts';
import { datasourceMode } from './stage.ts';
import { utf8Bytes, utf8Text } from './text.ts';
import { userDataKind } from './user-data-kind.ts';

const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text));
const HOOK = '#cloud-boothook\n#!/bin/sh\ntrue\n';

test('base64 and UTF-8 agree with the platform', () => {
  fc.assert(fc.property(fc.uint8Array(), (data) => base64(data) === Buffer.from(data).toString('base64')));
  fc.assert(fc.property(fc.string({ unit: 'grapheme' }), (text) => utf8Text(utf8Bytes(text)) === text));
});

test('a user\'s data comes out of the composed message byte for byte', () => {
  fc.assert(fc.property(fc.uint8Array({ minLength: 1, maxLength: 400 }), (data) => {
    const kind = userDataKind(data);
    if (kind === 'empty') return;
    const parts = Buffer.from(composeUserData(HOOK, data)).toString('latin1').split(/\n?--==holdfast-\d+==(?:--)?\n/);
    const body = (parts[2] ?? '').split('\n\n')[1] ?? '';
    expect(Buffer.from(body, 'base64')).toEqual(Buffer.from(data));
  }));
});

test('a MIME message of the user\'s is a part as it stands, and the boundary is none of its own', () => {
  const mine = 'MIME-Version: 1.0\nContent-Type: text/cloud-config\n\n--==holdfast-0==\n';
  const composed = Buffer.from(composeUserData(HOOK, bytes(mine))).toString();
  expect(composed).toContain(`--==holdfast-1==\n${mine}\n--==holdfast-1==--\n`);
  expect(composed.indexOf('text/cloud-boothook')).toBeLessThan(composed.indexOf('text/cloud-config'));
});

test.each([
  ['#cloud-config\n', 'cloud-config'], ['#cloud-config-archive\n', 'cloud-config-archive'], ['#!/bin/sh\n', 'script'],
  ['## template: jinja\n', 'jinja'], ['#include http://x\n', 'include'], ['#cloud-boothook\n', 'boothook'],
  ['#part-handler\n', 'part-handler'], ['\u001f\u008b', 'unknown'], ['hello', 'unknown'], ['', 'empty'], ['  \n#Cloud-Config\n', 'cloud-config'],
])('%j is %s', (text, kind) => expect(userDataKind(bytes(text))).toBe(kind));

test('a mistake is shown with its line and column', () => {
  expect(checkUserData(bytes('#cloud-config\npackages: [a\nruncmd: b\n')).errors[0]).toHaveProperty('line');
  expect(checkUserData(bytes('#cloud-config\n- a\n')).errors[0]).toMatchObject({ line: 2, column: 1 });
  expect(checkUserData(bytes('#cloud-config\na:\n\tb: c\n')).errors[0]).toMatchObject({ line: 3 });
});

test('a key that is there twice is told, and no refusal: cloud-init takes the last one', () => {
  const config = bytes('#cloud-config\nruncmd: [a]\nwrite_files:\n- {path: /x, path: /y}\nruncmd: [b]\n');
  const why = 'is there twice; cloud-init uses the last one and says nothing';
  expect(checkUserData(config)).toEqual({ kind: 'cloud-config', errors: [], warnings: [{ message: `the key "path" ${why}`, line: 4, column: 14 }, { message: `the key "runcmd" ${why}`, line: 5, column: 1 }] });
  // Whoever reads it here reads it as cloud-init does.
  expect(datasourceMode(config)).toBe('local');
  expect(makesUserEarly(config)).toBe(true);
  expect(datasourceMode(bytes('#cloud-config\nwrite_files: []\nwrite_files: [{path: /x, source: {uri: http://x}}]\n'))).toBe('net');
  expect(makesUserEarly(bytes('#cloud-config\nusers: []\nusers: [default]\n'))).toBe(false);
  expect(checkUserData(bytes(`#cloud-config\n${'runcmd: []\n'.repeat(3_000)}`)).warnings).toHaveLength(21);
});

test('what the parser only wonders at is no mistake, however often it comes', () => {
  const config = bytes(`#cloud-config\nruncmd:\n${'- [sleep, !!float 1]\n'.repeat(1_000)}`);
  expect(checkUserData(config)).toEqual({ kind: 'cloud-config', errors: [], warnings: [] });
  expect(datasourceMode(config)).toBe('local');
});

test('a configuration without its first line is taken as one, and gets it; what is none is left as it is', () => {
  expect(checkUserData(bytes('packages: [jq]\n'))).toEqual({ kind: 'cloud-config', errors: [], warnings: [], lacksHeader: true });
  expect(utf8Text(withHeader(bytes('packages: [jq]\n')))).toBe('#cloud-config\npackages: [jq]\n');
  expect(checkUserData(bytes('packges: [jq]\n'))).toMatchObject({ kind: 'cloud-config', errors: [], warnings: [{ line: 1, column: 1 }] });
  expect(checkUserData(bytes('a: [\n')).errors[0]).toMatchObject({ line: 2 });
  for (const text of ['hello', 'a: [\n', '- a\n', '#!/bin/sh\na: b\n', '#cloud-config\na: b\n', 'MIME-Version: 1.0\n\na: b\n', '']) expect(checkUserData(bytes(text))).not.toHaveProperty('lacksHeader');
  expect(checkUserData(bytes('hello'))).toMatchObject({ kind: 'unknown', errors: [], warnings: [{ line: 0 }] });
});

test('an unknown key draws a warning that names the one meant', () => {
  const { errors, warnings } = checkUserData(bytes('#cloud-config\npackges: [a]\n'));
  expect(errors).toEqual([]);
  expect(warnings).toEqual([{ message: 'cloud-init knows no key "packges"; did you mean packages?', line: 2, column: 1 }]);
});

test('the seed is applied before the network only for data that cannot need it', () => {
  expect(datasourceMode(undefined)).toBe('local');
  expect(datasourceMode(bytes('#cloud-config\npackages: [a]\n'))).toBe('local');
  expect(datasourceMode(bytes('#cloud-config\nbootcmd: [curl x]\n'))).toBe('net');
  expect(datasourceMode(bytes('#include http://x\n'))).toBe('net');
});

test('a MAC of digits alone stays text for a reader of YAML 1.1', () => {
  const key = { private: 'k', public: 'p' };
  const seed = seedFiles({ instanceId: 'no', hostname: 'no', mac: '52:54:00:00:00:01', defaultUser: 'ubuntu', sshAuthorizedKey: 'a', sshHostKey: key, boothook: HOOK });
  const read = (name: keyof typeof seed): unknown => parse(Buffer.from(seed[name]).toString(), { version: '1.1' });
  expect(read('network-config')).toEqual({ version: 2, ethernets: { default: { match: { macaddress: '52:54:00:00:00:01' }, dhcp4: true, 'dhcp-identifier': 'mac' } } });
  expect(read('meta-data')).toMatchObject({ 'instance-id': 'no', 'local-hostname': 'no', 'cloud-name': 'multipass' });
});

test('the boothook is ASCII whatever the files hold, and cannot end its own string', () => {
  const script = boothookScript({ version: '1', files: [
    { path: '/usr/lib/holdfast/install.py', mode: 0o644, content: 'pass' },
    { path: '/etc/holdfast/x', mode: 0o600, content: "'''é\u2028\nHOLDFAST_BOOTHOOK_END\n" }] });
  expect(script).toMatch(/^[\n\x20-\x7e]*$/);
  expect(script.split('\n').filter((line) => line === 'HOLDFAST_BOOTHOOK_END')).toHaveLength(1);
  expect(script.match(/'''/g)).toHaveLength(2);
});

test('a file full of unknown keys is told of briefly, and soon', () => {
  const text = `#cloud-config\n${Array.from({ length: 3_000 }, (_, at) => `packagez${at}: 1`).join('\n')}\n`;
  const { errors, warnings } = checkUserData(new TextEncoder().encode(text));
  expect(errors).toEqual([]);
  expect(warnings).toHaveLength(21);
});

describe('data that is made to hold the daemon up', () => {
  const config = (text: string) => new TextEncoder().encode(`#cloud-config\n${text}`);

  test('nesting without an end is refused with its place, and is no reason to descend', () => {
    for (const text of [`a: ${'['.repeat(50_000)}`, `a: ${'{a: '.repeat(20_000)}`, `a:\n ${'- '.repeat(50_000)}`]) {
      expect(checkUserData(config(text)).errors[0]).toMatchObject({ message: 'this is nested deeper than cloud-init can read', line: expect.any(Number) as number });
      expect(datasourceMode(config(text))).toBe('net');
    }
  });

  test('more keys than anybody writes are passed on unread', () => {
    const many = config(Array.from({ length: 20_000 }, (_, index) => `k${index}: 1`).join('\n'));
    expect(checkUserData(many)).toMatchObject({ errors: [], warnings: [{ message: expect.stringContaining('too many parts') as string }] });
    expect(datasourceMode(many)).toBe('net');
  });

  test('however many boundaries it has, one that it has not is found at once', () => {
    const data = new TextEncoder().encode(Array.from({ length: 20_000 }, (_, index) => `==holdfast-${index}==`).join('\n'));
    expect(new TextDecoder().decode(composeUserData('#cloud-boothook', data))).toContain('boundary="==holdfast-20000=="');
  });

  test('a merge key is known, and is no repeated one', () => {
    expect(checkUserData(config('packages: &p {a: 1}\n<<: *p\nruncmd: []\n'))).toMatchObject({ errors: [], warnings: [] });
  });
});
