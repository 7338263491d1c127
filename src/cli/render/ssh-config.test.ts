import { expect, test } from 'vitest';
import { renderSshHost } from './ssh-config.ts';

const apollo = { id: '00c0ffee', name: 'apollo', user: 'ubuntu' };
const files = (home: string) => ({ key: `${home}/ssh/apollo.key`, host: `${home}/ssh/apollo.host` });

test('a block has the way, the key and who answers, each its own', () => {
  expect(renderSshHost(apollo, files('/h'), { program: ['/opt/holdfast/bin/holdfast'], home: undefined })).toBe(`Host apollo
  HostName apollo
  User ubuntu
  ProxyCommand /opt/holdfast/bin/holdfast proxy apollo
  HostKeyAlias holdfast-00c0ffee
  UserKnownHostsFile "/h/ssh/apollo.host"
  GlobalKnownHostsFile /dev/null
  StrictHostKeyChecking yes
  UpdateHostKeys no
  IdentityFile "/h/ssh/apollo.key"
  IdentitiesOnly yes
`);
});

test('paths are quoted for ssh and for the shell that it starts', () => {
  const home = "/a b/50% it's $HOME";
  const block = renderSshHost(apollo, files(home), { program: [`${home}/bin/holdfast`], home });
  expect(block).toContain(`  ProxyCommand env 'HOLDFAST_HOME=/a b/50%% it'"'"'s $HOME' '/a b/50%% it'"'"'s $HOME/bin/holdfast' proxy apollo\n`);
  expect(block).toContain(`  IdentityFile "/a b/50%% it's $HOME/ssh/apollo.key"\n`);
});

test.each(['/a"b', '/a\nHost *', '/a\\b', '/${HOME}'])('the path %j, which ssh has no way to read, is refused', (home) => {
  expect(() => renderSshHost(apollo, files(home), { program: ['/holdfast'], home: undefined })).toThrow('ssh cannot be given the path');
});

test('a word that not every shell reads alike is refused', () => {
  expect(() => renderSshHost(apollo, files('/h'), { program: ['/holdfast'], home: '/a!b' })).toThrow('not every shell');
});

test('of a daemon on another machine the address is in the command', () => {
  expect(renderSshHost(apollo, files('/h'), { program: ['/holdfast'], home: '/h', address: '[::1]:50051' }))
    .toContain("  ProxyCommand env HOLDFAST_HOME=/h 'HOLDFAST_ADDRESS=[::1]:50051' /holdfast proxy apollo\n");
});
