import fc from 'fast-check';
import { expect, test } from 'vitest';
import { MAX_LINKS, parseLook } from './look.ts';

const SOUND = `clock 1795560495
system running 4711
python ok
other-python /usr/bin/python3.11
agent 0.4.0
unit holdfast-doorman.service active running enabled
unit ssh.service active running enabled
user-door there
sshd ok
private-sshd ok
private-sshd ok
user-sshd ok
listens yes
link enp1s0 52:54:00:AE:7b:6e up 1
address enp1s0 10.96.0.15/24 dynamic
route default via 10.96.0.2 dev enp1s0 proto dhcp
dns 127.0.0.53 48468183
root rw 4000000 2000000 300000 250000
cloud ended { "v1": { "datasource": "NoCloud", "errors": [] } }
end
`;

test('a sound guest is read whole', () => {
  expect(parseLook(SOUND)).toEqual({
    clock: 1795560495, boots: false, upS: 4711, python: { state: 'ok', said: '' }, otherPythons: ['/usr/bin/python3.11'], agent: { version: '0.4.0', missing: [] },
    units: new Map([['holdfast-doorman.service', { active: 'active', sub: 'running', file: 'enabled' }], ['ssh.service', { active: 'active', sub: 'running', file: 'enabled' }]]),
    userDoor: true,
    sshd: { installed: true, privateComplaint: undefined, userComplaint: undefined, listens: true },
    links: [{ name: 'enp1s0', mac: '52:54:00:ae:7b:6e', up: true, carrier: true }],
    network: { addresses: [{ link: 'enp1s0', address: '10.96.0.15', dynamic: true }], routes: ['default via 10.96.0.2 dev enp1s0 proto dhcp'] },
    dns: [{ server: '127.0.0.53', answer: 'answered' }],
    root: { readOnly: false, totalKiB: 4000000, freeKiB: 2000000, inodes: 300000, freeInodes: 250000 }, cloud: { state: 'done', error: '' },
  });
});

test.each([
  ['system starting 9', { boots: true, upS: 9 }],
  ['system initializing 2', { boots: true, upS: 2 }],
  ['system degraded x', { boots: false, upS: undefined }],
  ['python missing', { python: { state: 'missing', said: '' } }],
  ["python broken ModuleNotFoundError: No module named 'json'", { python: { state: 'broken', said: "ModuleNotFoundError: No module named 'json'" } }],
  ['private-sshd broken line 3: Bad configuration option: NoSuch', { sshd: { privateComplaint: 'line 3: Bad configuration option: NoSuch' } }],
  ['user-door missing', { userDoor: false }],
  ['no-ip', { network: undefined }],
  ['dns 10.0.0.1 silent', { dns: [{ server: '10.0.0.1', answer: 'silent' }] }],
  ['root ro 100 0 10 0', { root: { readOnly: true, freeKiB: 0, freeInodes: 0 } }],
  ['cloud ended {"v1":{"errors":["it broke"]}}', { cloud: { state: 'error', error: 'it broke' } }],
  ['cloud ended {', { cloud: { state: 'error' } }],
  ['cloud running', { cloud: { state: 'running' } }],
] as const)('%s', (line, expected) => {
  const word = line.split(' ')[0] ?? '';
  const others = SOUND.split('\n').filter((each) => !each.startsWith(`${word} `)).join('\n');
  expect(parseLook(`${line}\n${others}`)).toMatchObject(expected);
});

test('an answer that was cut off is none', () => {
  expect(parseLook(SOUND.replace('end\n', ''))).toBeUndefined();
});

test('what a guest writes cannot make it throw, nor grow beyond the limits', () => {
  const word = fc.constantFrom('system', 'python', 'unit', 'dns', 'link', 'address', 'root', 'cloud', 'agent-missing', 'other-python', 'clock', 'end', 'route');
  const line = fc.tuple(word, fc.string({ unit: 'binary', maxLength: 120 })).map(([first, rest]) => `${first} ${rest}`);
  fc.assert(fc.property(fc.array(line, { maxLength: 40 }), (lines) => {
    const look = parseLook(`${lines.join('\n')}\nend\n`) ?? parseLook('end');
    expect(look?.units.size).toBeLessThanOrEqual(16);
    expect(look?.links.length).toBeLessThanOrEqual(MAX_LINKS);
    for (const path of look?.otherPythons ?? []) expect(path).toMatch(/^\/usr\//);
    // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
    expect(JSON.stringify(look?.python.said)).not.toMatch(/[\u0000-\u001f]/);
  }), { numRuns: 25 });
});
