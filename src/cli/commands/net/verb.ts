/** One of the actions of `net`: what it takes, which options belong to it, and what it does. */
import type { Context, Given, OptionSpec } from '../../command.ts';
import { YES_BRIDGE } from '../../consent.ts';
import { FORMAT_OPTION } from '../../render/format.ts';

export const NET_OPTIONS = {
  network: { flags: '--network <network>', summary: 'attach, static: what a card is plugged into (holdfast, the home\'s own network)' },
  mac: { flags: '--mac <address>', summary: 'attach: its MAC address; one is made up when absent' },
  mode: { flags: '--mode <mode>', summary: 'attach: auto, the guest brings it up by DHCP (the default), or manual' },
  yesBridge: { ...YES_BRIDGE, summary: `attach, static: ${YES_BRIDGE.summary}` },
  offline: { flags: '--offline <directory>', summary: 'plan: from the netplan files in it, without an instance' },
  links: { flags: '--links <file>', summary: 'plan --offline: the interfaces, addresses and networks as JSON' },
  as: { flags: '--as <file-name>', summary: 'plan, apply: the name that the file gets in /etc/netplan (its own)' },
  replace: { flags: '--replace', summary: 'plan, apply: instead of all other netplan files, not beside them' },
  confirmWithin: { flags: '--confirm-within <time>', summary: 'the guest undoes the change after so long, unless it is confirmed (60s)' },
  probe: { flags: '--probe <probe>', summary: 'ping:<address> or tcp:<address>:<port> must answer too; host:... is tried from the host; may be given several times', repeatable: true },
  hold: { flags: '--hold', summary: 'do not confirm it: wait for "net commit" or "net rollback"' },
  yesLockout: { flags: '--yes-lockout', summary: 'do what is predicted to lock out, on purpose' },
  nic: { flags: '--nic <card>', summary: 'static: on this card, by index or MAC address; a new one is added when absent' },
  gateway: { flags: '--gateway <address>', summary: 'static: the way out, for what the default interface is no way to' },
  dns: { flags: '--dns <address>', summary: 'static: a name server; may be given several times', repeatable: true },
  format: FORMAT_OPTION,
} as const satisfies Readonly<Record<string, OptionSpec>>;

export type NetOption = keyof typeof NET_OPTIONS;
export type NetValues = Given<typeof NET_OPTIONS>['options'];

/** Of each change that is a transaction. */
export const TERMS = ['confirmWithin', 'probe', 'hold', 'yesLockout'] as const satisfies readonly NetOption[];

export interface Verb {
  readonly name: string;
  /** Behind the verb: `<name> <file>`. */
  readonly usage: string;
  /** Least and most, the instance's name included. */
  readonly args: readonly [number, number];
  readonly options: readonly NetOption[];
  /** @param args  behind the verb; as many as `args` says */
  run(context: Context, args: readonly string[], options: NetValues): Promise<number | void>;
}
