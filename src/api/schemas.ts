/** The wire form of everything the API says, as JSON schemas with their TypeScript types. Unknown fields are refused. */
import { Type, type Static, type TSchema } from 'typebox';
import { STATES } from '../core/instance.ts';
import { ERROR_CODES } from '../core/errors.ts';

const closed = { additionalProperties: false } as const;
const nullable = <T extends TSchema>(schema: T) => Type.Union([schema, Type.Null()]);
const oneOf = <const T extends string>(values: readonly T[]) => Type.Unsafe<T>({ type: 'string', enum: [...values] });

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
  hold: Type.Object({ level: oneOf(['held', 'by-address', 'lost', 'none']), reason: nullable(Type.String()) }, closed),
  network: Type.Object({ health: oneOf(['ok', 'changed', 'unreachable', 'unknown']), reason: nullable(Type.String()) }, closed),
  accelerator: nullable(Type.String()),
  mac: Type.String(),
  createdAt: Type.String(),
  startedAt: nullable(Type.String()),
}, closed);

export const InstanceListSchema = Type.Object({ instances: Type.Array(InstanceSchema) }, closed);

export const LaunchSchema = Type.Object({
  /** A pet name is made up when absent. */
  name: Type.Optional(Type.String()),
  /** `local:debian`, `debian`, or `sha256:<hex>` of an image uploaded before. */
  image: Type.Optional(Type.String()),
  cpus: Type.Optional(Type.Integer({ minimum: 1, maximum: 512 })),
  memory: Type.Optional(Type.String()),
  disk: Type.Optional(Type.String()),
  /** The user's cloud-init data, base64 of the bytes as given. */
  cloudInit: Type.Optional(Type.String({ maxLength: 2_000_000 })),
  timezone: Type.Optional(Type.String({ maxLength: 64, pattern: '^[A-Za-z0-9_+/-]+$' })),
  /** Boot it, though it could be forked of a template. */
  cold: Type.Optional(Type.Boolean()),
  /** Seconds for the guest to come up, and again for cloud-init; 300 when absent. */
  timeoutSeconds: Type.Optional(Type.Integer({ minimum: 1, maximum: 86_400 })),
}, closed);

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
  builtAt: Type.String(),
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
  cpus: Type.Optional(Type.Integer({ minimum: 1, maximum: 512 })),
  memory: Type.Optional(Type.String()),
}, closed);

export const ImageBuildSchema = Type.Object({
  /** `debian`, `debian:12` or `debian:13`. */
  target: Type.String(),
  force: Type.Optional(Type.Boolean()),
}, closed);

export const SettingSchema = Type.Object({ key: Type.String(), value: Type.String() }, closed);

export const VersionSchema = Type.Object({ daemon: Type.String(), api: Type.Integer(), driver: Type.String(), home: Type.String(), pid: Type.Integer() }, closed);

export type WireInstance = Static<typeof InstanceSchema>;
export type WireGuestInfo = Static<typeof GuestInfoSchema>;
export type WireLaunch = Static<typeof LaunchSchema>;
export type WireAction = Static<typeof ActionSchema>;
export type WireOperation = Static<typeof OperationSchema>;
export type WireImage = Static<typeof ImageSchema>;
export type WireTemplate = Static<typeof TemplateSchema>;
export type WireSetting = Static<typeof SettingSchema>;
