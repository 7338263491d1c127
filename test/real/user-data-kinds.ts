/** The kinds of user data that cloud-init takes, each with something that can be seen in the guest when it took effect. */
import { gzipSync } from 'node:zlib';

export interface UserDataKindCase {
  /** One letter: the instance is called `kind-<letter>`. */
  readonly letter: string;
  readonly about: string;
  readonly content: () => Uint8Array;
  /** A shell script, run by `exec` as the default user; it ends with 0 when the data took effect. */
  readonly check: string;
}

const text = (content: string) => (): Uint8Array => Buffer.from(content);

/** `name` and `word` say what is left behind, and where. */
const marker = (name: string, word: string): string => `runcmd:\n  - [sh, -c, 'echo ${word} > /etc/kind-${name}']\n`;
const has = (name: string, word: string): string => `test "$(cat /etc/kind-${name})" = ${word}`;

function mime(parts: readonly (readonly [type: string, content: string])[]): string {
  const body = parts.map(([type, content], index) => [
    '--==parts==', `Content-Type: ${type}; charset="utf-8"`, 'MIME-Version: 1.0',
    `Content-Disposition: attachment; filename="part-${index}"`, '', content, '',
  ].join('\n')).join('');
  return `Content-Type: multipart/mixed; boundary="==parts=="\nMIME-Version: 1.0\n\n${body}--==parts==--\n`;
}

const APPEND = `merge_how:
  - {name: list, settings: [append]}
  - {name: dict, settings: [no_replace, recurse_list]}
`;

export const USER_DATA_KINDS: readonly UserDataKindCase[] = [
  {
    letter: 'a', about: 'a cloud-config that switches vendor data off',
    content: text(`#cloud-config\nvendor_data: {enabled: false}\n${marker('a', 'novendor')}`), check: has('a', 'novendor'),
  },
  { letter: 'b', about: 'a script', content: text('#!/bin/sh\nid -un > /etc/kind-b\n'), check: has('b', 'root') },
  {
    letter: 'c', about: 'a MIME message of a cloud-config and a script',
    content: text(mime([['text/cloud-config', `#cloud-config\n${marker('c', 'config')}`], ['text/x-shellscript', '#!/bin/sh\necho script > /etc/kind-c2\n']])),
    check: `${has('c', 'config')} && ${has('c2', 'script')}`,
  },
  {
    letter: 'd', about: 'a jinja template',
    content: text('## template: jinja\n#cloud-config\nwrite_files:\n  - path: /etc/kind-d\n    content: "{{ v1.local_hostname }}"\n'),
    check: `${has('d', 'kind-d')} && test "$(hostname)" = kind-d`,
  },
  { letter: 'e', about: 'a cloud-config, compressed', content: () => gzipSync(`#cloud-config\n${marker('e', 'gzip')}`), check: has('e', 'gzip') },
  {
    letter: 'f', about: 'two cloud-configs, the second with merge_how',
    content: text(mime([['text/cloud-config', `#cloud-config\n${marker('f', 'first')}`], ['text/cloud-config', `#cloud-config\n${APPEND}${marker('f2', 'second')}`]])),
    check: `${has('f', 'first')} && ${has('f2', 'second')}`,
  },
  {
    letter: 'g', about: 'users without the default one',
    content: text('#cloud-config\nusers:\n  - {name: diver, shell: /bin/bash, lock_passwd: true}\nssh_authorized_keys: []\n'),
    check: 'id diver && sudo -n true',
  },
  {
    letter: 'h', about: 'write_files and runcmd',
    content: text('#cloud-config\nwrite_files:\n  - {path: /etc/kind-h, permissions: "0640", owner: "root:adm", content: "written\\n"}\n'
      + 'runcmd:\n  - [sh, -c, "cat /etc/kind-h > /etc/kind-h2"]\n  - echo plain > /etc/kind-h3\n'),
    check: `${has('h', 'written')} && ${has('h2', 'written')} && ${has('h3', 'plain')} && test "$(stat -c '%a %G' /etc/kind-h)" = '640 adm'`,
  },
];
