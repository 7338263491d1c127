/** What a holdfast-sftp process is told. */
import type { IdMaps } from '../../core/mounts/id-maps.ts';

/** With whose rights files are read and written. */
export interface Person {
  readonly uid: number;
  readonly gid: number;
}

export interface SftpWork {
  /** Absolute. */
  readonly source: string;
  readonly maps: IdMaps;
  readonly person: Person;
  /** Nothing is served: it ends with 0 if it could be. */
  readonly check?: true;
}
