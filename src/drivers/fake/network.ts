/**
 * The network of a fake guest: netplan files, and links that have what core/netplan says they would have by them. It takes
 * part in transactions as a guest's netguard does, deadline and reboot included.
 */
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { predict } from '../../core/netplan/predict.ts';
import type { GuestFacts } from '../../core/netplan/facts.ts';
import type { PredictedLink } from '../../core/netplan/prediction.ts';
import type { NetplanReport, NetworkReport, Report } from '../../guest/report.ts';
import type { Faults } from './protocol.ts';

/** A card as the driver has plugged it in; written by it for the guest's process. */
export interface FakeNic {
  readonly slot: number;
  readonly mac: string;
  /** What DHCP there gives it; null where there is none. */
  readonly lease: string | null;
  readonly gateway: string | null;
  /** The seed configures it. */
  readonly seeded: boolean;
}

export const NICS = 'nics.json';

interface File {
  readonly path: string;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Base64. */
  readonly content: string;
}

interface Kept {
  readonly files: readonly File[];
  /** How transactions ended. */
  readonly ended: Readonly<Record<string, { readonly outcome: 'committed' | 'rolled-back'; readonly why: string }>>;
  readonly armed: { readonly id: string; readonly candidate: readonly File[]; readonly until: number } | null;
}

type Answer = Readonly<Record<string, unknown>>;

export class FakeNetwork {
  readonly #directory: string;
  readonly #tell: (report: Report) => void;
  #kept: Kept;
  /** By which the links have what they have. */
  #live: readonly File[];
  #deadline: NodeJS.Timeout | undefined;

  constructor(directory: string, tell: (report: Report) => void) {
    this.#directory = directory;
    this.#tell = tell;
    this.#kept = this.#read() ?? { files: [this.#launchFile()], ended: {}, armed: null };
    this.#live = this.#kept.files;
  }

  /** What was armed is not applied any more. */
  boot(): void {
    if (this.#kept.armed) this.#end(this.#kept.armed.id, 'rolled-back', 'the guest was started anew before it was confirmed', false);
    this.#live = this.#kept.files;
  }

  reports(): Report[] {
    return [this.#networkReport(), this.#netplanReport(true, null)];
  }

  /** As somebody with an editor. @param text  undefined: away with it */
  edit(path: string, text: string | undefined): void {
    const others = this.#kept.files.filter((file) => file.path !== path);
    this.#keep({ ...this.#kept, files: text === undefined ? others : [...others, { path, mode: 0o600, uid: 0, gid: 0, content: Buffer.from(text).toString('base64') }] });
    this.#tell(this.#netplanReport(false, null));
  }

  read(path: string): string | undefined {
    const found = this.#kept.files.find((file) => file.path === path);
    return found && text(found);
  }

  /** `netplan apply` @returns why it is refused */
  apply(): string | undefined {
    const { refused } = this.#predicted(this.#kept.files);
    if (refused) return `${refused.place.file}:${refused.place.line}:${refused.place.column}: ${refused.message}`;
    this.#show(this.#kept.files);
    return undefined;
  }

  /** Cards have come or gone. */
  plugged(): void {
    this.#tell(this.#networkReport());
  }

  /** A command of netguard's. */
  guard(command: string, wish: Answer): Answer {
    const answer = this.#command(command, wish);
    return { v: 1, ...answer };
  }

  #command(command: string, wish: Answer): Answer {
    const id = String(wish['id']);
    const { armed, ended } = this.#kept;
    switch (command) {
      case 'look': return this.#look();
      case 'status': return this.#status();
      case 'begin': return this.#begin(id, wish as unknown as Begin);
      case 'commit':
      case 'rollback': {
        const before = ended[id];
        if (before) return { id, ...before, restored: [] };
        if (armed?.id !== id) return { refused: `there is no network change ${id}` };
        return command === 'commit' ? this.#end(id, 'committed', 'confirmed') : this.#end(id, 'rolled-back', String(wish['why']));
      }
      default: return { error: 'unknown command' };
    }
  }

  #begin(id: string, { write, setAside, confirmWithinMs }: Begin): Answer {
    const { armed } = this.#kept;
    if (armed) return { refused: `the network change ${armed.id} is under way (armed): commit it or roll it back first` };
    const gone = new Set([...setAside, ...write.map(({ path }) => path)]);
    const candidate = [...this.#kept.files.filter(({ path }) => !gone.has(path)), ...write];
    const { refused } = this.#predicted(candidate);
    if (refused) return { refused: `netplan does not take it: ${refused.message}` };
    this.#keep({ ...this.#kept, armed: { id, candidate, until: Date.now() + confirmWithinMs } });
    this.#deadline = setTimeout(() => this.#end(id, 'rolled-back', 'it was not confirmed in time'), confirmWithinMs);
    if (this.#faults().noAddress !== true) this.#show(candidate);
    return { id, how: 'reload', changed: [], said: '', steps: [] };
  }

  #end(id: string, outcome: 'committed' | 'rolled-back', why: string, tell = true): Answer {
    clearTimeout(this.#deadline);
    const { armed, files, ended } = this.#kept;
    this.#keep({ files: outcome === 'committed' && armed ? armed.candidate : files, armed: null, ended: { ...ended, [id]: { outcome, why } } });
    if (tell && outcome === 'committed') this.#tell(this.#netplanReport(false, id));
    if (tell && outcome === 'rolled-back') this.#show(files);
    return { id, outcome, why, restored: [] };
  }

  #show(files: readonly File[]): void {
    this.#live = files;
    this.#tell(this.#networkReport());
  }

  #status(): Answer {
    const { armed } = this.#kept;
    return armed ? { phase: 'armed', id: armed.id, applied: true, steps: [], leftMs: Math.max(0, armed.until - Date.now()) } : { phase: 'none' };
  }

  #look(): Answer {
    const links = this.#predicted(this.#live).links.filter(({ exists }) => exists);
    return {
      files: this.#kept.files.map((file) => ({ ...file, mtimeNs: '1' })), digest: this.#digest(),
      links: links.map((link) => ({
        name: link.name, kind: link.kind, mac: link.mac ?? '', permanentMac: link.mac, driver: 'virtio_net', up: link.up, carrier: link.up, mtu: link.mtu ?? 1500,
        master: link.memberOf, managed: true, configuredBy: null, dns: link.dns, domains: [], lease: null,
        addresses: this.#addresses(link).map((address) => ({ ...address, validForS: address.how === 'dhcp' ? 3600 : null })),
      })),
      routes: links.flatMap((link) => this.#routes(link)), nameServers: [], versions: { netplan: '0.106.1-7', systemd: '252.39-1' }, renderers: { networkd: true, networkManager: false },
      networkdFiles: [], transaction: this.#status(),
    };
  }

  #addresses(link: PredictedLink): { address: string; prefix: number; family: 4 | 6; scope: 'global'; how: 'dhcp' | 'static' }[] {
    if (!link.up) return [];
    const lease = this.#nics().find(({ mac }) => mac === link.mac)?.lease ?? null;
    const fixed = link.addresses.flatMap(({ address, prefix, family, how }) => (address === null || how !== 'static' ? [] : [{ address, prefix: prefix ?? 24, family, scope: 'global' as const, how: 'static' as const }]));
    return link.dhcp4 && lease !== null ? [...fixed, { address: lease, prefix: 24, family: 4, scope: 'global', how: 'dhcp' }] : fixed;
  }

  #routes(link: PredictedLink): Answer[] {
    if (!link.up) return [];
    const gateway = this.#nics().find(({ mac }) => mac === link.mac)?.gateway;
    const fixed = link.routes.filter(({ how }) => how === 'static').map(({ family, to, via, metric }) => ({ family, to, via, link: link.name, metric, how: 'static' }));
    return link.dhcp4 && gateway ? [...fixed, { family: 4, to: 'default', via: gateway, link: link.name, metric: 100, how: 'dhcp' }] : fixed;
  }

  #networkReport(): NetworkReport {
    const links = this.#predicted(this.#live).links.filter(({ exists }) => exists);
    return {
      type: 'network',
      links: links.map((link) => ({
        name: link.name, mac: link.mac ?? '', up: link.up, carrier: link.up, driver: 'virtio_net',
        addresses: this.#addresses(link).map(({ address, prefix, family, scope, how }) => ({ address, prefix, family, scope, dynamic: how === 'dhcp' })),
      })),
      defaultRoutes: links.flatMap((link) => this.#routes(link)).filter(({ to }) => to === 'default')
        .map(({ family, via, link, metric }) => ({ family: family as 4 | 6, via: via as string | null, link: String(link), metric: Number(metric) })),
    };
  }

  #netplanReport(first: boolean, transaction: string | null): NetplanReport {
    return {
      type: 'netplan', first, digest: this.#digest(), omitted: 0, transaction, trouble: null,
      files: this.#kept.files.map((file) => ({
        path: file.path, mode: file.mode, uid: file.uid, gid: file.gid, mtimeNs: '1', bytes: text(file).length, sha256: createHash('sha256').update(text(file)).digest('hex'), text: text(file),
      })),
    };
  }

  #predicted(files: readonly File[]) {
    const nics = this.#nics();
    const facts: GuestFacts = {
      links: nics.map(({ slot, mac }) => ({ name: `enp${slot + 1}s0`, mac, permanentMac: mac, driver: 'virtio_net', kind: 'ethernet', up: true, carrier: true, mtu: 1500, addresses: [], dns: [] })),
      routes: [], netplanVersion: '0.106.1', systemdVersion: '252', renderers: { networkd: true, networkManager: false },
      control: { mac: nics[0]?.mac ?? '', addresses: [], network: null }, otherNetworks: {}, hostSubnets: [], foreignNetworkFiles: [],
    };
    return predict(files.map((file) => ({ path: file.path, text: text(file) })), facts);
  }

  #digest(): string {
    return createHash('sha256').update(JSON.stringify(this.#kept.files)).digest('hex');
  }

  #nics(): readonly FakeNic[] {
    return JSON.parse(readFileSync(join(this.#directory, NICS), 'utf8')) as FakeNic[];
  }

  /** As cloud-init writes it. */
  #launchFile(): File {
    const ethernets = this.#nics().filter(({ slot, seeded }) => slot === 0 || seeded)
      .map(({ slot, mac }) => `    ${slot === 0 ? 'default' : `extra${slot - 1}`}:\n      match: {macaddress: "${mac}"}\n      dhcp4: true\n      dhcp-identifier: mac\n`);
    const content = `network:\n  version: 2\n  ethernets:\n${ethernets.join('')}`;
    return { path: '/etc/netplan/50-cloud-init.yaml', mode: 0o600, uid: 0, gid: 0, content: Buffer.from(content).toString('base64') };
  }

  #faults(): Faults {
    try {
      return JSON.parse(readFileSync(join(this.#directory, 'faults.json'), 'utf8')) as Faults;
    } catch {
      return {};
    }
  }

  #keep(kept: Kept): void {
    this.#kept = kept;
    writeFileSync(join(this.#directory, 'network.json'), JSON.stringify(kept));
  }

  #read(): Kept | undefined {
    try {
      return JSON.parse(readFileSync(join(this.#directory, 'network.json'), 'utf8')) as Kept;
    } catch {
      return undefined;
    }
  }
}

interface Begin {
  readonly confirmWithinMs: number;
  readonly write: readonly File[];
  readonly setAside: readonly string[];
}

function text({ content }: File): string {
  return Buffer.from(content, 'base64').toString();
}
