/** The part of QEMU's machine protocol that is used here, with the result of each command (QEMU QMP Reference Manual). */
import type { JsonObject } from './lines.ts';

export interface QmpEvent {
  readonly name: string;
  readonly data: JsonObject;
}

export type RunState =
  | 'prelaunch' | 'running' | 'paused' | 'guest-panicked' | 'internal-error' | 'io-error' | 'shutdown' | 'suspended'
  | 'watchdog' | 'inmigrate' | 'postmigrate' | 'finish-migrate' | 'restore-vm' | 'save-vm' | 'debug' | 'colo' | 'preconfig';

export interface CommandResults {
  'qmp_capabilities': unknown;
  'query-uuid': { readonly UUID: string };
  'query-status': { readonly status: RunState; readonly running: boolean };
  'query-chardev': readonly { readonly label: string; readonly 'frontend-open': boolean }[];
  'human-monitor-command': string;
  'system_powerdown': unknown;
  'system_reset': unknown;
  'stop': unknown;
  'cont': unknown;
  'quit': unknown;
  'migrate-set-capabilities': unknown;
  'migrate-set-parameters': unknown;
  'migrate': unknown;
  'migrate-incoming': unknown;
  'migrate_cancel': unknown;
  'query-migrate': { readonly status?: string; readonly 'error-desc'?: string };
  'qom-list': readonly { readonly name: string }[];
  'qom-get': unknown;
  'device_add': unknown;
  'device_del': unknown;
  'netdev_add': unknown;
  'netdev_del': unknown;
  'block_resize': unknown;
  'blockdev-add': unknown;
  'blockdev-del': unknown;
  'blockdev-snapshot': unknown;
  'query-block': readonly { readonly qdev?: string; readonly inserted?: { readonly 'node-name': string } }[];
}
