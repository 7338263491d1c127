/**
 * Everything the daemon can be asked, as a table: the server mounts it, the client is made from it, the OpenAPI
 * document is drawn from it. Long work answers 202 with an operation, whose events can be followed and which can be
 * cancelled. Three routes are streams and have no JSON answer: see `stream`.
 */
import { Type, type TSchema } from 'typebox';
import {
  ActionSchema, ImageBuildSchema, ImageSchema, InstanceListSchema, InstanceSchema, LaunchSchema, OperationSchema, SettingSchema, TemplateBuildSchema,
  TemplateSchema, VersionSchema,
} from './schemas.ts';

export interface Route {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly path: string;
  readonly summary: string;
  readonly params?: TSchema;
  readonly query?: TSchema;
  readonly body?: TSchema;
  readonly answer?: TSchema;
  readonly status?: number;
  /** events: server-sent events; socket: WebSocket; upload: a raw body; text: plain text. */
  readonly stream?: 'events' | 'socket' | 'upload' | 'text';
}

const byName = Type.Object({ name: Type.String({ minLength: 1, maxLength: 64 }) });
const byId = Type.Object({ id: Type.String({ minLength: 1, maxLength: 64 }) });
const byKey = Type.Object({ key: Type.String({ minLength: 1, maxLength: 256 }) });

export const ROUTES = {
  version: { method: 'GET', path: '/v1/version', summary: 'What serves here', answer: VersionSchema },
  listInstances: { method: 'GET', path: '/v1/instances', summary: 'All instances, deleted ones included, from what the daemon knows', answer: InstanceListSchema },
  getInstance: { method: 'GET', path: '/v1/instances/:name', summary: 'One instance', params: byName, answer: InstanceSchema },
  launch: { method: 'POST', path: '/v1/instances', summary: 'Create and start an instance', body: LaunchSchema, answer: OperationSchema, status: 202 },
  act: { method: 'POST', path: '/v1/instances/:name/actions', summary: 'Start, stop, restart, delete or recover', params: byName, body: ActionSchema, answer: OperationSchema, status: 202 },
  purge: { method: 'POST', path: '/v1/purge', summary: 'Remove all deleted instances for good', answer: OperationSchema, status: 202 },
  exec: { method: 'GET', path: '/v1/instances/:name/exec', summary: 'Run a command or a shell; frames are described in api/exec-frames.ts', params: byName, stream: 'socket' },
  getOperation: { method: 'GET', path: '/v1/operations/:id', summary: 'An operation as it stands', params: byId, answer: OperationSchema },
  followOperation: { method: 'GET', path: '/v1/operations/:id/events', summary: 'The operation again at every change, until it has ended', params: byId, stream: 'events' },
  cancelOperation: { method: 'DELETE', path: '/v1/operations/:id', summary: 'Cancel: answers once it is undone', params: byId, answer: OperationSchema },
  events: { method: 'GET', path: '/v1/events', summary: 'What happens, resumable by Last-Event-ID', stream: 'events' },
  listImages: { method: 'GET', path: '/v1/images', summary: 'Images that can be launched', answer: Type.Object({ images: Type.Array(ImageSchema) }) },
  buildImage: { method: 'POST', path: '/v1/images/build', summary: 'Build an image from a distribution\'s packages', body: ImageBuildSchema, answer: OperationSchema, status: 202 },
  uploadImage: { method: 'POST', path: '/v1/images/upload', summary: 'Store an image that the client opened', query: Type.Object({ name: Type.String({ maxLength: 4096 }) }), answer: ImageSchema, stream: 'upload' },
  listTemplates: { method: 'GET', path: '/v1/templates', summary: 'Booted machines that launch forks', answer: Type.Object({ templates: Type.Array(TemplateSchema) }) },
  buildTemplate: { method: 'POST', path: '/v1/templates', summary: 'Make a template ahead of the first launch', body: TemplateBuildSchema, answer: OperationSchema, status: 202 },
  deleteTemplate: { method: 'DELETE', path: '/v1/templates/:key', summary: 'Delete a template; what was forked of it stays', params: byKey, answer: Type.Object({}) },
  listSettings: { method: 'GET', path: '/v1/settings', summary: 'All settings keys and values', answer: Type.Object({ settings: Type.Array(SettingSchema) }) },
  getSetting: { method: 'GET', path: '/v1/settings/:key', summary: 'One setting', params: byKey, answer: SettingSchema },
  putSetting: { method: 'PUT', path: '/v1/settings/:key', summary: 'Change a setting', params: byKey, body: Type.Object({ value: Type.String({ maxLength: 4096 }) }, { additionalProperties: false }), answer: SettingSchema },
  logs: { method: 'GET', path: '/v1/logs', summary: 'The last lines of the daemon\'s log, or of an instance\'s console and log', query: Type.Object({ name: Type.Optional(Type.String({ maxLength: 64 })) }), stream: 'text' },
} as const satisfies Record<string, Route>;

export type RouteName = keyof typeof ROUTES;

export const API_VERSION = 1;
