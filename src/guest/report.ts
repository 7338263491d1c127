/** What a guest reports of itself. Its reader, which bounds everything, is report-parser.ts. */
export interface ReportedAddress {
  readonly address: string;
  readonly prefix: number;
  readonly family: 4 | 6;
  readonly scope: 'global' | 'link' | 'host' | 'site';
  readonly dynamic: boolean;
}

export interface ReportedLink {
  readonly name: string;
  readonly mac: string;
  readonly up: boolean;
  readonly carrier: boolean;
  readonly driver: string | null;
  readonly addresses: readonly ReportedAddress[];
}

export interface NetworkReport {
  readonly type: 'network';
  readonly links: readonly ReportedLink[];
  readonly defaultRoutes: readonly { readonly family: 4 | 6; readonly via: string | null; readonly link: string; readonly metric: number }[];
}

export interface SystemReport {
  readonly type: 'system';
  readonly hostname: string;
  readonly os: { readonly id: string; readonly version: string; readonly pretty: string };
  readonly kernel: string;
  readonly cpuCount: number;
  readonly load: readonly [number, number, number];
  readonly memory: { readonly usedBytes: number; readonly totalBytes: number };
  readonly disks: readonly { readonly name: string; readonly usedBytes: number; readonly totalBytes: number }[];
  readonly uptimeS: number;
  readonly bootId: string;
  readonly machineId: string;
  readonly cloudInit: { readonly status: 'running' | 'done' | 'degraded' | 'error' | 'disabled' | 'unknown'; readonly detail: string };
  readonly agentVersion: string;
}

export interface ReportedFile {
  readonly path: string;
  /** Permission bits. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Nanoseconds since 1970: more than a number holds. */
  readonly mtimeNs: string;
  readonly bytes: number;
  readonly sha256: string;
  /** Null when it did not fit into the report. */
  readonly text: string | null;
}

/** netplan's files, all of them: when the reporter begins, and as soon as somebody changed them. */
export interface NetplanReport {
  readonly type: 'netplan';
  /** The reporter has just begun: they may have been so for long. */
  readonly first: boolean;
  /** One word for the whole set (paths, owners, modes, contents); null when there is `trouble`. */
  readonly digest: string | null;
  readonly files: readonly ReportedFile[];
  /** Files that did not fit. */
  readonly omitted: number;
  /** The network change by which netguard left exactly this; null when it was done by hand. */
  readonly transaction: string | null;
  /** Why nothing can be told. */
  readonly trouble: string | null;
}

export type Report = NetworkReport | SystemReport | NetplanReport;
