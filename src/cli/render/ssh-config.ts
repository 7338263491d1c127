/** One instance as a Host block for ssh (ssh_config(5)). */
import type { WireSshAccess } from '../../api/schemas.ts';
import { fail } from '../../core/errors.ts';

export interface SshFiles {
  readonly key: string;
  readonly host: string;
}

export interface Caller {
  /** The words that start this program. */
  readonly program: readonly string[];
  /** HOLDFAST_HOME, when it is set: an ssh that somebody else starts may not have it. */
  readonly home: string | undefined;
  /** HOLDFAST_ADDRESS, when the daemon is on another machine. */
  readonly address?: string | undefined;
}

/** The name under which its host key is known: its own, so that another instance of the same name is another. */
export function hostKeyAlias(id: string): string {
  return `holdfast-${id}`;
}

/** @throws bad-argument for a path that ssh_config has no way to write */
export function renderSshHost({ id, name, user }: Pick<WireSshAccess, 'id' | 'name' | 'user'>, { key, host }: SshFiles, { program, home, address }: Caller): string {
  const variables = [...(home === undefined ? [] : [`HOLDFAST_HOME=${home}`]), ...(address === undefined ? [] : [`HOLDFAST_ADDRESS=${address}`])];
  const command = [...(variables.length === 0 ? [] : ['env', ...variables]), ...program, 'proxy', name];
  return [
    `Host ${name}`,
    `  HostName ${name}`,
    `  User ${user}`,
    `  ProxyCommand ${command.map(shellWord).map(percent).join(' ')}`,
    `  HostKeyAlias ${hostKeyAlias(id)}`,
    `  UserKnownHostsFile ${path(host)}`,
    '  GlobalKnownHostsFile /dev/null',
    '  StrictHostKeyChecking yes',
    '  UpdateHostKeys no',
    `  IdentityFile ${path(key)}`,
    '  IdentitiesOnly yes',
    '',
  ].join('\n');
}

/** In double quotes, where only these cannot stand; `${…}` would be taken from the environment. */
function path(text: string): string {
  // oxlint-disable-next-line no-control-regex -- a line end would begin another keyword
  if (/["\\\u0000-\u001f]|\$\{/.test(text)) {
    throw fail('bad-argument', `ssh cannot be given the path ${JSON.stringify(text)}`, { hint: 'use a home with a plainer path: HOLDFAST_HOME=…' });
  }
  return `"${percent(text)}"`;
}

/** ssh replaces what stands behind a percent sign. */
function percent(text: string): string {
  return text.replaceAll('%', '%%');
}

/** The line is the user's shell's: sh, bash, zsh, fish and csh agree on this much. */
function shellWord(word: string): string {
  if (/^[A-Za-z0-9_./=:@,+-]+$/.test(word)) return word;
  // oxlint-disable-next-line no-control-regex -- it must stay one line
  if (/[!\\\u0000-\u001f]/.test(word)) {
    throw fail('bad-argument', `not every shell can be given the path ${JSON.stringify(word)}`, { hint: 'use a home with a plainer path: HOLDFAST_HOME=…' });
  }
  return word.split("'").map((part) => (part === '' ? '' : `'${part}'`)).join(`"'"`);
}
