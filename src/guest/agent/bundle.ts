/** What lives inside a guest, and where: the one list of Holdfast's files there, and their version. */
import type { Bundle } from '../../core/cloudinit/boothook.ts';

/** Raise it with every change to files/: guests with an older one are renewed over the control lane. */
export const AGENT_VERSION = '0.7.4';

export const AGENT_DIR = '/usr/lib/holdfast';

/** Asset (a file in files/) -> its place in the guest. */
export const AGENT_PLACES: Readonly<Record<string, string>> = {
  'doorman.py': `${AGENT_DIR}/doorman.py`,
  'hf_door.py': `${AGENT_DIR}/hf_door.py`,
  'hf_lane.py': `${AGENT_DIR}/hf_lane.py`,
  'hf_relay.py': `${AGENT_DIR}/hf_relay.py`,
  'hf_peer.py': `${AGENT_DIR}/hf_peer.py`,
  'hf_ports.py': `${AGENT_DIR}/hf_ports.py`,
  'hf_sshd.py': `${AGENT_DIR}/hf_sshd.py`,
  'report.py': `${AGENT_DIR}/report.py`,
  'hf_report_door.py': `${AGENT_DIR}/hf_report_door.py`,
  'hf_address.py': `${AGENT_DIR}/hf_address.py`,
  'hf_dbus.py': `${AGENT_DIR}/hf_dbus.py`,
  'hf_netlink.py': `${AGENT_DIR}/hf_netlink.py`,
  'hf_netplan_watch.py': `${AGENT_DIR}/hf_netplan_watch.py`,
  'hf_system.py': `${AGENT_DIR}/hf_system.py`,
  'hf_user.py': `${AGENT_DIR}/hf_user.py`,
  'agent.py': `${AGENT_DIR}/agent.py`,
  'hf_fork.py': `${AGENT_DIR}/hf_fork.py`,
  'hf_freeze.py': `${AGENT_DIR}/hf_freeze.py`,
  'install.py': `${AGENT_DIR}/install.py`,
  'netguard.py': `${AGENT_DIR}/netguard.py`,
  'hf_guard_begin.py': `${AGENT_DIR}/hf_guard_begin.py`,
  'hf_guard_clock.py': `${AGENT_DIR}/hf_guard_clock.py`,
  'hf_guard_commit.py': `${AGENT_DIR}/hf_guard_commit.py`,
  'hf_guard_generated.py': `${AGENT_DIR}/hf_guard_generated.py`,
  'hf_guard_kernel.py': `${AGENT_DIR}/hf_guard_kernel.py`,
  'hf_guard_links.py': `${AGENT_DIR}/hf_guard_links.py`,
  'hf_guard_look.py': `${AGENT_DIR}/hf_guard_look.py`,
  'hf_guard_place.py': `${AGENT_DIR}/hf_guard_place.py`,
  'hf_guard_run.py': `${AGENT_DIR}/hf_guard_run.py`,
  'hf_guard_shadow.py': `${AGENT_DIR}/hf_guard_shadow.py`,
  'hf_guard_state.py': `${AGENT_DIR}/hf_guard_state.py`,
  'hf_guard_turns.py': `${AGENT_DIR}/hf_guard_turns.py`,
  'hf_guard_undo.py': `${AGENT_DIR}/hf_guard_undo.py`,
  'sshd_control.conf': '/etc/holdfast/sshd_control.conf',
  'sshd_session.conf': '/etc/holdfast/sshd_session.conf',
  'sshd_proxy.conf': '/etc/holdfast/sshd_proxy.conf',
  pam_control: '/etc/pam.d/holdfast-control',
  pam_session: '/etc/pam.d/holdfast-session',
  pam_plain: '/etc/pam.d/holdfast-plain',
  'rescue.sh': `${AGENT_DIR}/rescue.sh`,
  'holdfast-rescue.service': '/etc/systemd/system/holdfast-rescue.service',
  'holdfast-netguard.service': '/etc/systemd/system/holdfast-netguard.service',
  'holdfast-netguard-boot.service': '/etc/systemd/system/holdfast-netguard-boot.service',
  'holdfast-doorman.service': '/etc/systemd/system/holdfast-doorman.service',
};

export interface AgentKeys {
  /** The lanes' own host key, in OpenSSH's private key format. */
  readonly hostKeyPrivate: string;
  readonly hostKeyPublic: string;
  /** Authorized on the control lane (root). */
  readonly controlPublic: string;
  /** Authorized on the other lanes (the default user). */
  readonly sessionPublic: string;
  /** Authorized for users' own ssh clients (the default user), and nowhere else. */
  readonly proxyPublic: string;
}

export type AgentBundle = Bundle;

/** @throws when an asset is missing: a bug of packaging */
export function agentBundle(assets: ReadonlyMap<string, string>, keys: AgentKeys): AgentBundle {
  const files = Object.entries(AGENT_PLACES).map(([asset, path]) => {
    const content = assets.get(asset);
    if (content === undefined) throw new Error(`the guest file ${asset} is missing from this installation`);
    return { path, mode: 0o644, content };
  });
  return {
    version: AGENT_VERSION,
    files: [
      ...files,
      { path: '/etc/holdfast/host_ed25519', mode: 0o600, content: line(keys.hostKeyPrivate) },
      { path: '/etc/holdfast/host_ed25519.pub', mode: 0o644, content: line(keys.hostKeyPublic) },
      { path: '/etc/holdfast/control.pub', mode: 0o644, content: line(keys.controlPublic) },
      { path: '/etc/holdfast/session.pub', mode: 0o644, content: line(keys.sessionPublic) },
      { path: '/etc/holdfast/proxy.pub', mode: 0o644, content: line(keys.proxyPublic) },
      { path: `${AGENT_DIR}/version`, mode: 0o644, content: line(AGENT_VERSION) },
    ],
  };
}

/** The form that `agent.py renew` reads on its standard input. */
export function renewInput(bundle: AgentBundle): string {
  return JSON.stringify({ ...bundle, files: bundle.files.map((file) => ({ ...file, encoding: 'utf8' })) });
}

function line(text: string): string {
  return `${text.trim()}\n`;
}
