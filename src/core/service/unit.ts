/** The systemd unit that keeps a daemon running, as text; why each line is there is told in docs/decisions/service.md. */

import { NODE_FLAGS } from '../node-flags.ts';

export const UNIT = 'holdfast.service';

/**
 * Node's own, for a daemon. With the 16 MiB that V8 gives young objects by itself it keeps some 40 MB that it does not need: with
 * twenty forks 147 MB were resident.
 */
export const DAEMON_OPTIONS: readonly string[] = [...NODE_FLAGS, '--max-semi-space-size=2'];

export interface UnitParts {
  /** The host's own, or one of a person's. */
  readonly scope: 'system' | 'user';
  /** Absolute, both. */
  readonly node: string;
  readonly daemon: string;
  readonly home: string;
  /** What decides the home where it is not the usual one. */
  readonly env: Readonly<Record<string, string>>;
}

/** In a person's unit they would all mean no new privileges, and newuidmap, by which a plain user builds images, needs some. */
const HARDENING = 'NoNewPrivileges=yes\nLockPersonality=yes\nRestrictRealtime=yes\n';

/** Instances that come back with the host may have cards on its bridges. A person's manager knows no such target. */
const AFTER_NETWORK = 'Wants=network-online.target\nAfter=network-online.target\n';

export function unitText({ scope, node, daemon, home, env }: UnitParts): string {
  return `# Written by "holdfast service install", which writes it anew; what you add goes into: systemctl${scope === 'user' ? ' --user' : ''} edit ${UNIT}
[Unit]
Description=Holdfast, which launches virtual machines and never loses hold of them
${scope === 'system' ? `${AFTER_NETWORK}# A home that is mounted later would be taken for an empty one.\nRequiresMountsFor=${quoted(home)}\n` : ''}StartLimitIntervalSec=60
StartLimitBurst=10

[Service]
Type=exec
ExecStart=${[node, ...DAEMON_OPTIONS, daemon].map(word).join(' ')}
ExecReload=/bin/kill -HUP $MAINPID
${Object.entries(env).map(([key, value]) => `Environment=${quoted(`${key}=${value}`)}\n`).join('')}Restart=on-failure
RestartSec=1
# At a shutdown of the host its guests are shut down first.
TimeoutStopSec=120
# The machines go on, whatever becomes of the daemon.
KillMode=process
OOMPolicy=continue
TasksMax=infinity
LimitNOFILE=524288
${scope === 'system' ? HARDENING : ''}
[Install]
WantedBy=${scope === 'system' ? 'multi-user.target' : 'default.target'}

[X-Holdfast]
Home=${specifierFree(home)}
`;
}

/** The home that a unit's daemon serves; undefined for a text that is not ours. systemd passes over sections that begin with X-. */
export function unitHome(text: string): string | undefined {
  const home = /^\[X-Holdfast\]\nHome=(.+)$/m.exec(text)?.[1];
  return home?.replaceAll('%%', '%');
}

/** systemd.service(5): in a command's line variables are doubled as well. */
function word(text: string): string {
  return quoted(text.replaceAll('$', '$$$$'));
}

/** systemd.syntax(7): quoted, with specifiers and escapes doubled. */
function quoted(text: string): string {
  return `"${specifierFree(text).replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
}

function specifierFree(text: string): string {
  return text.replaceAll('%', '%%');
}
