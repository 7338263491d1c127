/** The wire form of what concerns an instance's network: what it is, what a change would do, what was changed, and the host's networks. */
import { Type, type Static } from 'typebox';
import type { Definition } from '../core/netplan/definition.ts';
import type { Plan } from '../core/netplan/plan.ts';
import { ORIGINS, OUTCOMES } from '../core/network/revision.ts';
import { closed, nullable, oneOf } from './schema-parts.ts';

/** Types of core's, documented there; they go over the wire as they are. */
const asInCore = <T>(summary: string) => Type.Unsafe<T>({ description: summary });

/** A netplan file's own name: it lies in /etc/netplan. */
const FILE_NAME = Type.String({ pattern: '^[A-Za-z0-9_][A-Za-z0-9_.@+-]{0,100}\\.yaml$' });
/** More than any configuration needs; the guest takes no more. */
const FILE_TEXT = Type.String({ maxLength: 200_000 });

export const NetworkWishSchema = Type.Object({
  file: FILE_NAME,
  text: FILE_TEXT,
  /** All other files are set aside. */
  replace: Type.Optional(Type.Boolean()),
}, closed);

/** Where the picture of the guest is from: the guest itself, now; or what was seen of it last, since it does not run. */
const SEEN = { from: oneOf(['guest', 'report']), at: Type.String() };

export const NetworkPlanSchema = Type.Object({
  ...SEEN,
  plan: asInCore<Plan>('core/netplan/plan.ts: verdict, findings, each interface before and after'),
  /** The merged configuration as it would be. */
  definitions: asInCore<readonly Definition[]>('core/netplan/definition.ts'),
  /** Of what would lock out: ready files that do what was meant. */
  ways: nullable(Type.Object({ way1: Type.String(), way2: Type.String() }, closed)),
}, closed);

export const NETWORK_CHANGES = ['apply', 'static', 'pin', 'unpin', 'restore', 'repair'] as const;

export const NetworkChangeSchema = Type.Object({
  change: oneOf(NETWORK_CHANGES),
  /** apply */
  file: Type.Optional(FILE_NAME),
  text: Type.Optional(FILE_TEXT),
  replace: Type.Optional(Type.Boolean()),
  /** static: with its prefix, of either family. */
  address: Type.Optional(Type.String({ maxLength: 64 })),
  gateway: Type.Optional(Type.String({ maxLength: 64 })),
  dns: Type.Optional(Type.Array(Type.String({ maxLength: 64 }), { maxItems: 8 })),
  /** static: a card that is there, by index or MAC; the first that has nothing, or a new one, when absent. */
  nic: Type.Optional(Type.String({ maxLength: 17 })),
  /** static: what a new card is plugged into. */
  network: Type.Optional(Type.String({ maxLength: 64 })),
  /** static, agreed: an ethernet of the host's is put into a bridge for it. */
  makeBridge: Type.Optional(Type.Boolean()),
  /** restore */
  revision: Type.Optional(Type.Integer({ minimum: 1 })),
  /** The guest undoes it by itself after so long, unless it was confirmed; 60 when absent. */
  confirmWithinSeconds: Type.Optional(Type.Integer({ minimum: 5, maximum: 3600 })),
  /** `ping:<address>`, `tcp:<address>:<port>`, from the guest; with `host:` before it, from the host. */
  probes: Type.Optional(Type.Array(Type.String({ maxLength: 128 }), { maxItems: 16 })),
  /** Do what is predicted to lock out. */
  allowLockout: Type.Optional(Type.Boolean()),
  /** Do not confirm it: somebody else does, or it is undone. */
  hold: Type.Optional(Type.Boolean()),
}, closed);

export const NetworkDecisionSchema = Type.Object({ commit: Type.Boolean() }, closed);

export const RevisionSchema = Type.Object({
  number: Type.Integer(),
  at: Type.String(),
  origin: oneOf(ORIGINS),
  command: nullable(Type.String()),
  transaction: nullable(Type.String()),
  outcome: oneOf(OUTCOMES),
  reason: nullable(Type.String()),
  /** It is what the guest has, as far as is known. */
  current: Type.Boolean(),
  /** Paths that differ from the revision that stood before it. */
  changed: Type.Array(Type.Object({ path: Type.String(), kind: oneOf(['made', 'removed', 'changed']) }, closed)),
}, closed);

export const NetworkHistorySchema = Type.Object({ revisions: Type.Array(RevisionSchema) }, closed);

export const NetworkDiffSchema = Type.Object({
  from: Type.Integer(),
  to: Type.Integer(),
  files: Type.Array(Type.Object({
    path: Type.String(),
    kind: oneOf(['made', 'removed', 'changed']),
    /** Unified; empty where mode or owner alone differ. */
    diff: Type.String(),
    /** `600 0:0`, before and after; null where the file is not there. */
    was: nullable(Type.String()),
    is: nullable(Type.String()),
  }, closed)),
}, closed);

const ShownAddressSchema = Type.Object({
  address: Type.String(),
  prefix: Type.Integer(),
  family: Type.Integer(),
  /** dhcp, ra, static, link-local, unknown */
  how: Type.String(),
  /** Of a lease or a router's word. */
  expiresAt: nullable(Type.String()),
  file: nullable(Type.String()),
  line: nullable(Type.Integer()),
}, closed);

export const InstanceNetworkSchema = Type.Object({
  ...SEEN,
  health: Type.String(),
  healthReason: nullable(Type.String()),
  interfaces: Type.Array(Type.Object({
    name: Type.String(),
    role: oneOf(['default', 'extra', 'virtual', 'loopback']),
    mac: nullable(Type.String()),
    driver: nullable(Type.String()),
    up: Type.Boolean(),
    carrier: Type.Boolean(),
    mtu: nullable(Type.Integer()),
    /** What it is plugged into: holdfast, user, or a bridge of the host's. */
    network: nullable(Type.String()),
    addresses: Type.Array(ShownAddressSchema),
    routes: Type.Array(Type.Object({ to: Type.String(), via: nullable(Type.String()), metric: Type.Integer(), how: Type.String() }, closed)),
    dns: Type.Array(Type.String()),
    /** The definition of netplan's that has it. */
    definition: nullable(Type.String()),
    file: nullable(Type.String()),
    line: nullable(Type.Integer()),
    /** What netplan says and what is there do not agree about. */
    differs: Type.Array(Type.String()),
  }, closed)),
  /** Why netplan refuses its files, where it does. */
  refused: nullable(Type.String()),
  /** One that waits for its confirmation. */
  armed: nullable(Type.Object({ transaction: Type.String(), leftSeconds: nullable(Type.Integer()) }, closed)),
  netplanVersion: nullable(Type.String()),
}, closed);

export const NewNetworkSchema = Type.Object({
  name: Type.String({ pattern: '^[a-z][a-z0-9-]{0,14}$' }),
  /** With prefix; the host has its first address. None: the host has no address there. */
  subnet: Type.Optional(Type.String({ maxLength: 18 })),
}, closed);

export type WireNetworkWish = Static<typeof NetworkWishSchema>;
export type WireNetworkPlan = Static<typeof NetworkPlanSchema>;
export type WireNetworkChange = Static<typeof NetworkChangeSchema>;
export type WireRevision = Static<typeof RevisionSchema>;
export type WireNetworkDiff = Static<typeof NetworkDiffSchema>;
export type WireInstanceNetwork = Static<typeof InstanceNetworkSchema>;
export type WireNewNetwork = Static<typeof NewNetworkSchema>;
