/** The wire form of what the API says, as JSON schemas with their TypeScript types. Unknown fields are refused. Networks, doctors and clients have files of their own. */
import { Type, type Static } from 'typebox';
import { STATES } from '../core/instance.ts';
import { ERROR_CODES } from '../core/errors.ts';
import { MOST_CPUS } from '../core/sizes.ts';
import { ZONES } from '../core/zones.ts';
import { closed, LONGEST_NAME, nullable, oneOf } from './schema-parts.ts';

export const ErrorSchema = Type.Object({
  code: oneOf(Object.keys(ERROR_CODES) as (keyof typeof ERROR_CODES)[]),
  message: Type.String(),
  hint: nullable(Type.String()),
}, closed);

export const UsageSchema = Type.Object({ usedBytes: Type.Number(), totalBytes: Type.Number() }, closed);

/** What the guest says of itself while it runs. */
export const GuestInfoSchema = Type.Object({
  /** PRETTY_NAME of the guest's os-release. */
  release: Type.String(),
  kernel: Type.String(),
  hostname: Type.String(),
  load: Type.Array(Type.Number(), { minItems: 3, maxItems: 3 }),
  memory: UsageSchema,
  disks: Type.Array(Type.Object({ name: Type.String(), usedBytes: Type.Number(), totalBytes: Type.Number() }, closed)),
  cloudInit: Type.String(),
}, closed);

const MountSchema = Type.Object({
  /** Of the host. */
  source: Type.String(),
  /** In the guest. */
  target: Type.String(),
  /** Whose is whose: `host:guest`, where the guest's may be `default`, its default user's. */
  uidMap: Type.Array(Type.String()),
  gidMap: Type.Array(Type.String()),
  /** Left out of a classic one. */
  type: Type.Optional(Type.Literal('native')),
}, closed);

const ID_PAIRS = Type.Array(Type.String({ maxLength: 32 }), { maxItems: 64 });

export const MountWishSchema = Type.Object({
  /** Absolute; it is opened with the rights of whoever asks. */
  source: Type.String({ minLength: 1, maxLength: 4096 }),
  /** The source's name in the default user's home when absent; what is relative is in there too. */
  target: Type.Optional(Type.String({ minLength: 1, maxLength: 4096 })),
  /** Who asks, as the default user, when absent. */
  uidMap: Type.Optional(ID_PAIRS),
  gidMap: Type.Optional(ID_PAIRS),
  /** Classic when absent. */
  type: Type.Optional(oneOf(['classic', 'native'] as const)),
}, closed);

export const InstanceSchema = Type.Object({
  id: Type.String(),
  name: Type.String(),
  state: oneOf(STATES),
  /** Why it is in this state, where that needs saying (a crash). */
  reason: nullable(Type.String()),
  zone: Type.Object({ name: Type.String(), available: Type.Boolean() }, closed),
  image: Type.Object({ name: Type.String(), os: Type.String(), release: Type.String(), digest: Type.String() }, closed),
  architecture: Type.String(),
  cpus: Type.Integer(),
  memoryBytes: Type.Integer(),
  diskBytes: Type.Integer(),
  snapshotCount: Type.Integer(),
  /** Addresses of global scope that the guest has now, the default interface's first; empty when it is not running. */
  ipv4: Type.Array(Type.String()),
  ipv6: Type.Array(Type.String()),
  guest: nullable(GuestInfoSchema),
  /** When the guest last answered, which is when the figures are from; null: they are from now, or there are none. */
  figuresAt: nullable(Type.String()),
  hold: Type.Object({ level: oneOf(['held', 'by-address', 'lost', 'none']), reason: nullable(Type.String()) }, closed),
  network: Type.Object({ health: oneOf(['ok', 'changed', 'unreachable', 'unknown']), reason: nullable(Type.String()) }, closed),
  accelerator: nullable(Type.String()),
  mac: Type.String(),
  /** Cards besides the default one, by index; network is a bridge of the host's, or `holdfast`. */
  cards: Type.Optional(Type.Array(Type.Object({ index: Type.Integer(), mac: Type.String(), network: Type.String(), mode: Type.String(), ipv4: nullable(Type.String()) }, closed))),
  /** Left out where there is none. */
  mounts: Type.Optional(Type.Array(MountSchema)),
  createdAt: Type.String(),
  startedAt: nullable(Type.String()),
}, closed);

export const InstanceListSchema = Type.Object({ instances: Type.Array(InstanceSchema) }, closed);

/** Opens the proxied sshd only, and only for this user. */
export const SshAccessSchema = Type.Object({
  id: Type.String(),
  name: Type.String(),
  user: Type.String(),
  /** In OpenSSH's form. */
  privateKey: Type.String(),
  /** Of who answers: type and base64. */
  hostKey: Type.String(),
}, closed);

const CARD_MODE = oneOf(['auto', 'manual']);
/** Lower case; not a group's. */
const CARD_MAC = Type.String({ pattern: '^[0-9a-f][02468ace](:[0-9a-f]{2}){5}$' });

export const LaunchSchema = Type.Object({
  /** A pet name is made up when absent. */
  name: Type.Optional(Type.String()),
  /** `local:debian`, `debian`, `sha256:<hex>` of an image uploaded before, or an http(s) address. */
  image: Type.Optional(Type.String({ maxLength: 4096 })),
  /** `sha256:<hex>` or `sha512:<hex>` that what is downloaded must have. */
  checksum: Type.Optional(Type.String({ maxLength: 160 })),
  /** x86_64, amd64, aarch64 or arm64; the image's, or the host's, when absent. */
  architecture: Type.Optional(Type.String({ maxLength: 16 })),
  cpus: Type.Optional(Type.Integer({ minimum: 1, maximum: MOST_CPUS })),
  memory: Type.Optional(Type.String()),
  disk: Type.Optional(Type.String()),
  /** The user's cloud-init data, base64 of the bytes as given. */
  cloudInit: Type.Optional(Type.String({ maxLength: 2_000_000 })),
  timezone: Type.Optional(Type.String({ maxLength: 64, pattern: '^[A-Za-z0-9_+/-]+$' })),
  /** A name, or its number; the first that is available when absent. */
  zone: Type.Optional(Type.String({ maxLength: 64 })),
  /** Boot it, though it could be forked of a template. */
  cold: Type.Optional(Type.Boolean()),
  /** Further cards; `bridged` as a name stands for what local.bridged-network says. */
  networks: Type.Optional(Type.Array(Type.Object({
    name: Type.String({ maxLength: 64 }), mode: CARD_MODE, mac: Type.Optional(CARD_MAC),
    /** With prefix: static from birth, not by DHCP. */
    ip: Type.Optional(Type.String({ maxLength: 64 })), gateway: Type.Optional(Type.String({ maxLength: 64 })), dns: Type.Optional(Type.Array(Type.String({ maxLength: 64 }), { maxItems: 8 })),
  }, closed), { maxItems: 7 })),
  /** Agreed: an ethernet of the host's that a card is wished on is put into a bridge. */
  makeBridge: Type.Optional(Type.Boolean()),
  /** Seconds for the guest to come up, and again for cloud-init; 300 when absent, 1200 where another architecture is emulated. */
  timeoutSeconds: Type.Optional(Type.Integer({ minimum: 1, maximum: 86_400 })),
}, closed);

/** A further card: on the home's own network where none is named. */
export const CardWishSchema = Type.Object({
  network: Type.Optional(Type.String({ maxLength: 64 })),
  mode: Type.Optional(CARD_MODE),
  mac: Type.Optional(CARD_MAC),
  /** Agreed: an ethernet of the host's is put into a bridge for it. */
  makeBridge: Type.Optional(Type.Boolean()),
}, closed);

export const NetworkSchema = Type.Object({ name: Type.String(), type: Type.String(), description: Type.String() }, closed);

export const NetworkListSchema = Type.Object({
  networks: Type.Array(NetworkSchema),
  /** Why what the host has of bridges and cards is not among them, where that is so. */
  leftOut: Type.Optional(Type.String()),
}, closed);

export const SnapshotSchema = Type.Object({
  instance: Type.String(), name: Type.String(), comment: Type.String(), parent: nullable(Type.String()), children: Type.Array(Type.String()), createdAt: Type.String(),
  cpus: Type.Integer(), memoryBytes: Type.Integer(), diskBytes: Type.Integer(),
  /** It has the memory too. */
  live: Type.Boolean(),
  /** Left out where there was none. */
  mounts: Type.Optional(Type.Array(MountSchema)),
}, closed);

export const SnapshotWishSchema = Type.Object({
  /** `snapshot1` and so on when absent. */
  name: Type.Optional(Type.String({ maxLength: LONGEST_NAME })),
  comment: Type.Optional(Type.String({ maxLength: 4096 })),
  /** Of an instance that runs, with its memory. */
  live: Type.Optional(Type.Boolean()),
}, closed);

/** `<source>-clone1` and so on when absent. */
export const CloneWishSchema = Type.Object({ name: Type.Optional(Type.String({ maxLength: LONGEST_NAME })) }, closed);

export const ZoneSchema = Type.Object({ name: oneOf(ZONES), available: Type.Boolean(), subnet: Type.String() }, closed);

/** By name or number. */
export const ZoneChangeSchema = Type.Object({ zones: Type.Array(Type.String({ maxLength: 64 }), { minItems: 1, maxItems: 16 }), available: Type.Boolean() }, closed);

export const ACTION_NAMES = ['start', 'stop', 'restart', 'suspend', 'delete', 'recover'] as const;

export const ActionSchema = Type.Object({
  action: oneOf(ACTION_NAMES),
  /** stop: at once, by pulling the plug. */
  force: Type.Optional(Type.Boolean()),
  /** stop: after so many minutes; the guest's users are told. */
  delayMinutes: Type.Optional(Type.Integer({ minimum: 0, maximum: 525_600 })),
  /** stop: call off a delayed stop. */
  cancel: Type.Optional(Type.Boolean()),
  /** delete: for good. */
  purge: Type.Optional(Type.Boolean()),
  timeoutSeconds: Type.Optional(Type.Integer({ minimum: 1, maximum: 86_400 })),
}, closed);

export const OperationSchema = Type.Object({
  id: Type.String(),
  kind: Type.String(),
  instance: nullable(Type.String()),
  status: oneOf(['running', 'done', 'failed', 'cancelled']),
  /** What it is at, for people: `Creating apollo`. */
  stage: Type.String(),
  fraction: nullable(Type.Number()),
  /** Things worth telling that are no error, for example a fallback to emulation or an unknown key in cloud-init data. */
  notices: Type.Array(Type.String()),
  error: nullable(ErrorSchema),
  /** launch: {name, zone}; image build: {name, digest}; others: {}. */
  result: Type.Record(Type.String(), Type.String()),
  startedAt: Type.String(),
  endedAt: nullable(Type.String()),
}, closed);

export const ImageSchema = Type.Object({
  digest: Type.String(),
  /** Names under which launch takes it, for example `local:debian`, `local:debian-12`. */
  names: Type.Array(Type.String()),
  format: oneOf(['qcow2', 'raw']),
  os: Type.String(),
  release: Type.String(),
  sizeBytes: Type.Integer(),
  virtualSizeBytes: Type.Integer(),
  /** Empty where it is not known. */
  architecture: Type.String(),
  builtAt: Type.String(),
}, closed);

export const FoundSchema = Type.Object({
  images: Type.Array(Type.Object({
    /** By which launch takes it: `24.04`, `daily:26.10`. */
    name: Type.String(),
    /** Further names, without the remote. */
    aliases: Type.Array(Type.String()),
    /** Empty where the name needs none before it. */
    remote: Type.String(),
    os: Type.String(),
    release: Type.String(),
    version: Type.String(),
    /** Of the file as it is published: SHA-256, or SHA-512 where that is what its publisher gives. */
    hash: Type.String(),
    architecture: Type.String(),
    supported: Type.Boolean(),
  }, closed)),
  /** Why what a remote publishes is not known, or not as it is now. */
  errors: Type.Array(Type.String()),
}, closed);

export const TemplateSchema = Type.Object({
  key: Type.String(),
  imageDigest: Type.String(),
  /** Names under which launch takes its image; none when the image is gone. */
  names: Type.Array(Type.String()),
  cpus: Type.Integer(),
  memoryBytes: Type.Integer(),
  accelerator: Type.String(),
  createdAt: Type.String(),
  lastUsedAt: Type.String(),
  bytes: Type.Integer(),
}, closed);

export const TemplateBuildSchema = Type.Object({
  /** As for launch. */
  image: Type.Optional(Type.String()),
  cpus: Type.Optional(Type.Integer({ minimum: 1, maximum: MOST_CPUS })),
  memory: Type.Optional(Type.String()),
}, closed);

export const ImageBuildSchema = Type.Object({
  /** `debian`, `debian:12` or `debian:13`. */
  target: Type.String(),
  /** The host's when absent. */
  architecture: Type.Optional(Type.String({ maxLength: 16 })),
  force: Type.Optional(Type.Boolean()),
}, closed);

export const SettingWishSchema = Type.Object({
  value: Type.String({ maxLength: 4096 }),
  /** Agreed: what it takes a bridge of an ethernet of the host's for has one made. */
  makeBridge: Type.Optional(Type.Boolean()),
}, closed);

export const SettingSchema = Type.Object({ key: Type.String(), value: Type.String() }, closed);

export const UpdateSchema = Type.Object({ title: Type.String(), description: Type.String(), url: Type.String() }, closed);

export const VersionSchema = Type.Object({
  daemon: Type.String(), api: Type.Integer(), driver: Type.String(), home: Type.String(), pid: Type.Integer(),
  /** Of a later release, where one is known. */
  update: Type.Optional(UpdateSchema),
}, closed);

export type WireInstance = Static<typeof InstanceSchema>;
export type WireGuestInfo = Static<typeof GuestInfoSchema>;
export type WireSshAccess = Static<typeof SshAccessSchema>;
export type WireLaunch = Static<typeof LaunchSchema>;
export type WireCardWish = Static<typeof CardWishSchema>;
export type WireNetwork = Static<typeof NetworkSchema>;
export type WireSnapshot = Static<typeof SnapshotSchema>;
export type WireSnapshotWish = Static<typeof SnapshotWishSchema>;
export type WireMount = Static<typeof MountSchema>;
export type WireMountWish = Static<typeof MountWishSchema>;
export type WireCloneWish = Static<typeof CloneWishSchema>;
export type WireZone = Static<typeof ZoneSchema>;
export type WireZoneChange = Static<typeof ZoneChangeSchema>;
export type WireAction = Static<typeof ActionSchema>;
export type WireOperation = Static<typeof OperationSchema>;
export type WireImage = Static<typeof ImageSchema>;
export type WireFound = Static<typeof FoundSchema>;
export type WireTemplate = Static<typeof TemplateSchema>;
export type WireUpdate = Static<typeof UpdateSchema>;
export type WireSettingWish = Static<typeof SettingWishSchema>;
export type WireSetting = Static<typeof SettingSchema>;
