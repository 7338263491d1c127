/**
 * Everything the daemon can be asked, as a table: the server mounts it, the client is made from it, the OpenAPI
 * document is drawn from it. Long work answers 202 with an operation, whose events can be followed and which can be
 * cancelled. Some routes are streams and have no JSON answer: see `stream`.
 */
import { Type, type TSchema } from 'typebox';
import {
  ActionSchema, CardWishSchema, CloneWishSchema, FoundSchema, ImageBuildSchema, ImageSchema, InstanceListSchema, InstanceSchema, LaunchSchema, MountWishSchema, NetworkListSchema, NetworkSchema,
  OperationSchema, SettingSchema, SettingWishSchema, SnapshotSchema, SnapshotWishSchema, SshAccessSchema, TemplateBuildSchema, TemplateSchema, VersionSchema, ZoneChangeSchema, ZoneSchema,
} from './schemas.ts';
import { DiagnosisSchema } from './doctor-schemas.ts';
import {
  InstanceNetworkSchema, NetworkChangeSchema, NetworkDecisionSchema, NetworkDiffSchema, NetworkHistorySchema, NetworkPlanSchema, NetworkWishSchema, NewNetworkSchema,
} from './network-schemas.ts';
import { LONGEST_NAME } from './schema-parts.ts';
import { AuthenticationSchema, ClientSchema, ForgottenSchema, PassphraseSchema } from './trust-schemas.ts';

export interface Route {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly path: string;
  readonly summary: string;
  readonly params?: TSchema;
  readonly query?: TSchema;
  readonly body?: TSchema;
  readonly answer?: TSchema;
  /** In bytes, where it is not the server's. */
  readonly bodyLimit?: number;
  readonly status?: number;
  /** events: server-sent events; socket: WebSocket; upload: a raw body; text: plain text. */
  readonly stream?: 'events' | 'socket' | 'upload' | 'text';
}

/** Of an instance or a snapshot, as it was typed: whether it can be one is said where it is looked up, in the words for that. As long as a path's part may be. */
const NAME = Type.String({ maxLength: LONGEST_NAME });
const byName = Type.Object({ name: NAME });
const byId = Type.Object({ id: Type.String({ minLength: 1, maxLength: 64 }) });
const byCard = Type.Object({ name: NAME, card: Type.String({ minLength: 1, maxLength: 17 }) });
const byRevision = Type.Object({ name: NAME, from: Type.String({ pattern: '^[0-9]{1,9}$' }) });
const bySnapshot = Type.Object({ name: NAME, snapshot: NAME });
const byClient = Type.Object({ client: Type.String({ minLength: 1, maxLength: 256 }) });
const byKey = Type.Object({ key: Type.String({ minLength: 1, maxLength: 256 }) });

export const ROUTES = {
  version: { method: 'GET', path: '/v1/version', summary: 'What serves here', answer: VersionSchema },
  authenticate: { method: 'POST', path: '/v1/authenticate', summary: 'Have the certificate of a client on TCP trusted, by the passphrase; without one, ask how it stands', body: PassphraseSchema, bodyLimit: 8192, answer: AuthenticationSchema },
  listClients: { method: 'GET', path: '/v1/clients', summary: 'Who is let in over TLS', answer: Type.Object({ clients: Type.Array(ClientSchema) }) },
  forgetClient: { method: 'DELETE', path: '/v1/clients/:client', summary: 'Let one in no more, by fingerprint or name, and end what it has open', params: byClient, answer: ForgottenSchema },
  listInstances: { method: 'GET', path: '/v1/instances', summary: 'All instances, deleted ones included, from what the daemon knows', answer: InstanceListSchema },
  getInstance: { method: 'GET', path: '/v1/instances/:name', summary: 'One instance', params: byName, answer: InstanceSchema },
  launch: { method: 'POST', path: '/v1/instances', summary: 'Create and start an instance', body: LaunchSchema, answer: OperationSchema, status: 202 },
  act: { method: 'POST', path: '/v1/instances/:name/actions', summary: 'Start, stop, restart, suspend, delete or recover', params: byName, body: ActionSchema, answer: OperationSchema, status: 202 },
  attachCard: { method: 'POST', path: '/v1/instances/:name/cards', summary: 'Add a network card, to a machine that runs at once', params: byName, body: CardWishSchema, answer: OperationSchema, status: 202 },
  detachCard: { method: 'DELETE', path: '/v1/instances/:name/cards/:card', summary: 'Take a network card out, by its MAC or index', params: byCard, answer: OperationSchema, status: 202 },
  getNetwork: { method: 'GET', path: '/v1/instances/:name/network', summary: 'Every interface of an instance: what it has, where that is from, what netplan says', params: byName, answer: InstanceNetworkSchema },
  planNetwork: { method: 'POST', path: '/v1/instances/:name/network/plan', summary: 'What a netplan file would do to an instance; changes nothing', params: byName, body: NetworkWishSchema, answer: NetworkPlanSchema },
  changeNetwork: { method: 'POST', path: '/v1/instances/:name/network', summary: 'Change an instance\'s network as a transaction: it is undone unless it is confirmed', params: byName, body: NetworkChangeSchema, answer: OperationSchema, status: 202 },
  decideNetwork: { method: 'POST', path: '/v1/instances/:name/network/decision', summary: 'Confirm or undo a change that is held', params: byName, body: NetworkDecisionSchema, answer: OperationSchema, status: 202 },
  networkHistory: { method: 'GET', path: '/v1/instances/:name/network/revisions', summary: 'Every revision of an instance\'s netplan files', params: byName, answer: NetworkHistorySchema },
  networkDiff: { method: 'GET', path: '/v1/instances/:name/network/revisions/:from/diff', summary: 'A revision against the one before it, or against another', params: byRevision, query: Type.Object({ to: Type.Optional(Type.String({ pattern: '^[0-9]{1,9}$' })) }), answer: NetworkDiffSchema },
  listNetworks: { method: 'GET', path: '/v1/networks', summary: 'Networks that further cards can be put on', answer: NetworkListSchema },
  createNetwork: { method: 'POST', path: '/v1/networks', summary: 'Make a network of the host\'s that Holdfast owns', body: NewNetworkSchema, answer: NetworkSchema },
  deleteNetwork: { method: 'DELETE', path: '/v1/networks/:name', summary: 'Remove one that no instance has a card on', params: byName, answer: Type.Object({}) },
  clone: { method: 'POST', path: '/v1/instances/:name/clone', summary: 'Make another instance of a stopped one', params: byName, body: CloneWishSchema, answer: OperationSchema, status: 202 },
  listSnapshots: { method: 'GET', path: '/v1/snapshots', summary: 'Snapshots of all instances', answer: Type.Object({ snapshots: Type.Array(SnapshotSchema) }) },
  takeSnapshot: { method: 'POST', path: '/v1/instances/:name/snapshots', summary: 'Take a snapshot of an instance that is stopped, or live of one that runs', params: byName, body: SnapshotWishSchema, answer: OperationSchema, status: 202 },
  restoreSnapshot: { method: 'POST', path: '/v1/instances/:name/snapshots/:snapshot/restore', summary: 'Go back to a snapshot; unless it is destructive, one is taken first', params: bySnapshot, body: Type.Object({ destructive: Type.Optional(Type.Boolean()) }, { additionalProperties: false }), answer: OperationSchema, status: 202 },
  deleteSnapshot: { method: 'DELETE', path: '/v1/instances/:name/snapshots/:snapshot', summary: 'Delete a snapshot for good', params: bySnapshot, answer: Type.Object({}) },
  listZones: { method: 'GET', path: '/v1/zones', summary: 'The zones that instances are in', answer: Type.Object({ zones: Type.Array(ZoneSchema) }) },
  changeZones: { method: 'POST', path: '/v1/zones', summary: 'Make zones available, or unavailable', body: ZoneChangeSchema, answer: OperationSchema, status: 202 },
  mount: { method: 'POST', path: '/v1/instances/:name/mounts', summary: 'Give an instance a directory of the host, at once where it runs', params: byName, body: MountWishSchema, answer: OperationSchema, status: 202 },
  unmount: { method: 'DELETE', path: '/v1/instances/:name/mounts', summary: 'Take one away, or all', params: byName, query: Type.Object({ target: Type.Optional(Type.String({ minLength: 1, maxLength: 4096 })) }, { additionalProperties: false }), answer: OperationSchema, status: 202 },
  purge: { method: 'POST', path: '/v1/purge', summary: 'Remove all deleted instances for good', answer: OperationSchema, status: 202 },
  exec: { method: 'GET', path: '/v1/instances/:name/exec', summary: 'Run a command or a shell; frames are described in api/exec-frames.ts', params: byName, stream: 'socket' },
  proxy: { method: 'GET', path: '/v1/instances/:name/proxy', summary: 'A stream to an sshd of its own, for an ssh client; frames are described in api/stream-frames.ts', params: byName, stream: 'socket' },
  console: { method: 'GET', path: '/v1/instances/:name/console', summary: 'The serial console, shared by all who attach; frames are described in api/stream-frames.ts', params: byName, stream: 'socket' },
  getSshAccess: { method: 'GET', path: '/v1/instances/:name/ssh', summary: 'What an ssh client needs besides the proxy: user, private key, host key', params: byName, answer: SshAccessSchema },
  getOperation: { method: 'GET', path: '/v1/operations/:id', summary: 'An operation as it stands', params: byId, answer: OperationSchema },
  followOperation: { method: 'GET', path: '/v1/operations/:id/events', summary: 'The operation again at every change, until it has ended', params: byId, stream: 'events' },
  cancelOperation: { method: 'DELETE', path: '/v1/operations/:id', summary: 'Cancel: answers once it is undone', params: byId, answer: OperationSchema },
  events: { method: 'GET', path: '/v1/events', summary: 'What happens, resumable by Last-Event-ID; after an event of type gap list again: what came before is not all known', stream: 'events' },
  listImages: { method: 'GET', path: '/v1/images', summary: 'Images that can be launched', answer: Type.Object({ images: Type.Array(ImageSchema) }) },
  findImages: {
    method: 'GET', path: '/v1/images/published', summary: 'What the remotes publish that can be launched', answer: FoundSchema,
    query: Type.Object({
      /** `[<remote>:][<name>]` */
      name: Type.Optional(Type.String({ maxLength: 300 })), architecture: Type.Optional(Type.String({ maxLength: 16 })),
      unsupported: Type.Optional(Type.Literal('true')), force: Type.Optional(Type.Literal('true')),
    }, { additionalProperties: false }),
  },
  buildImage: { method: 'POST', path: '/v1/images/build', summary: 'Build an image from a distribution\'s packages', body: ImageBuildSchema, answer: OperationSchema, status: 202 },
  uploadImage: { method: 'POST', path: '/v1/images/upload', summary: 'Store an image that the client opened', query: Type.Object({ name: Type.String({ maxLength: 4096 }) }), answer: ImageSchema, stream: 'upload' },
  listTemplates: { method: 'GET', path: '/v1/templates', summary: 'Booted machines that launch forks', answer: Type.Object({ templates: Type.Array(TemplateSchema) }) },
  buildTemplate: { method: 'POST', path: '/v1/templates', summary: 'Make a template ahead of the first launch', body: TemplateBuildSchema, answer: OperationSchema, status: 202 },
  deleteTemplate: { method: 'DELETE', path: '/v1/templates/:key', summary: 'Delete a template; what was forked of it stays', params: byKey, answer: Type.Object({}) },
  listSettings: { method: 'GET', path: '/v1/settings', summary: 'All settings keys and values', answer: Type.Object({ settings: Type.Array(SettingSchema) }) },
  getSetting: { method: 'GET', path: '/v1/settings/:key', summary: 'One setting', params: byKey, answer: SettingSchema },
  putSetting: { method: 'PUT', path: '/v1/settings/:key', summary: 'Change a setting', params: byKey, body: SettingWishSchema, answer: SettingSchema },
  diagnoseHost: { method: 'GET', path: '/v1/doctor', summary: 'Examine the host; changes nothing', answer: DiagnosisSchema },
  mendHost: { method: 'POST', path: '/v1/doctor/mend', summary: 'Examine the host, and mend what can be mended safely', answer: DiagnosisSchema },
  diagnoseInstance: { method: 'GET', path: '/v1/instances/:name/doctor', summary: 'Examine an instance; changes nothing', params: byName, answer: DiagnosisSchema },
  mendInstance: { method: 'POST', path: '/v1/instances/:name/doctor/mend', summary: 'Examine an instance, and mend what can be mended safely', params: byName, answer: DiagnosisSchema },
  logs: { method: 'GET', path: '/v1/logs', summary: 'The last lines of the daemon\'s log, or of an instance\'s console and log', query: Type.Object({ name: Type.Optional(NAME), only: Type.Optional(Type.Literal('console')) }), stream: 'text' },
} as const satisfies Record<string, Route>;

export type RouteName = keyof typeof ROUTES;

export const API_VERSION = 1;
