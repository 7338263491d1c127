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

export type Report = NetworkReport | SystemReport;
