/** What every action on instances needs, wired once in main.ts. */
import type { Driver } from '../../drivers/driver.ts';
import type { InstanceStore } from '../../store/instances.ts';
import type { SettingStore } from '../../store/settings.ts';
import type { EventHub } from '../event-hub.ts';
import type { ImageService } from '../images.ts';
import type { Log } from '../log.ts';
import type { OperationEngine } from '../operations/engine.ts';
import type { Registry } from './registry.ts';

export interface House {
  readonly registry: Registry;
  readonly store: InstanceStore;
  readonly driver: Driver;
  readonly images: ImageService;
  readonly settings: SettingStore;
  readonly engine: OperationEngine;
  readonly events: EventHub;
  readonly log: Log;
  /** The machine that all this runs on. */
  readonly node: string;
  readonly owner: number;
}

/** Multipass's: for each stage of a start, and for a shutdown. */
export const DEFAULT_TIMEOUT_S = 300;
