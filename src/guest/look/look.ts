/** Reads what one look at a guest says, with limits: the guest writes it, and is not to be trusted. */
import { printable } from '../ssh/failure.ts';

interface Unit {
  readonly active: string;
  readonly sub: string;
  /** enabled, disabled, masked, static …; `-` where systemd does not say. */
  readonly file: string;
}

export interface Look {
  /** Seconds since 1970, by the guest's clock. */
  readonly clock: number | undefined;
  /** It has not done yet all that it does at a boot. */
  readonly boots: boolean;
  /** Seconds since its kernel began, by itself; undefined where it does not say. */
  readonly upS: number | undefined;
  readonly python: { readonly state: 'ok' | 'missing' | 'broken' | 'slow'; readonly said: string };
  /** Interpreters beside the one that is used. */
  readonly otherPythons: readonly string[];
  readonly agent: { readonly version: string; readonly missing: readonly string[] };
  /** Those that are there. */
  readonly units: ReadonlyMap<string, Unit>;
  /** The doorman's socket for users' own ssh clients is where it has made it. */
  readonly userDoor: boolean;
  readonly sshd: { readonly installed: boolean; readonly privateComplaint: string | undefined; readonly userComplaint: string | undefined; readonly listens: boolean };
  readonly links: readonly { readonly name: string; readonly mac: string; readonly up: boolean; readonly carrier: boolean }[];
  /** undefined: the guest has no `ip` to ask. */
  readonly network: { readonly addresses: readonly { readonly link: string; readonly address: string; readonly dynamic: boolean }[]; readonly routes: readonly string[] } | undefined;
  /** What each name server said to a question: an answer of any kind, silence, or it could not be asked. */
  readonly dns: readonly { readonly server: string; readonly answer: 'answered' | 'silent' | 'unasked' }[];
  readonly root: { readonly readOnly: boolean; readonly freeKiB: number; readonly totalKiB: number; readonly freeInodes: number; readonly inodes: number } | undefined;
  readonly cloud: { readonly state: 'disabled' | 'absent' | 'running' | 'done' | 'error'; readonly error: string };
}

/** More is no answer of ours. */
export const LOOK_MAX_BYTES = 64 * 1024;
const MAX_LINES = 400;
/** Interfaces, of which a node of containers has hundreds. */
export const MAX_LINKS = 64;

/** @returns undefined when it was cut off, or is no such answer at all */
export function parseLook(text: string): Look | undefined {
  const lines = text.split('\n').slice(0, MAX_LINES).map((line) => {
    const at = line.indexOf(' ');
    return at < 0 ? { word: line, rest: '' } : { word: line.slice(0, at), rest: printable(line.slice(at + 1), line.startsWith('cloud ') ? 9000 : 300) };
  });
  if (!lines.some(({ word }) => word === 'end')) return undefined;
  const all = (word: string): string[][] => lines.filter((line) => line.word === word).map(({ rest }) => rest.split(/ +/));
  const one = (word: string): string[] => all(word)[0] ?? [];
  const [python = '', ...pythonSaid] = one('python');
  const [clock = ''] = one('clock');
  const [system = '', up = ''] = one('system');
  return {
    clock: /^\d{1,11}$/.test(clock) ? Number(clock) : undefined,
    boots: system === 'initializing' || system === 'starting', upS: /^\d{1,10}$/.test(up) ? Number(up) : undefined,
    python: { state: python === 'ok' || python === 'missing' || python === 'slow' ? python : 'broken', said: pythonSaid.join(' ') },
    otherPythons: all('other-python').map(([path = '']) => path).filter((path) => /^\/usr\/[\w./+-]+$/.test(path)).slice(0, 16),
    agent: { version: one('agent')[0] ?? '', missing: all('agent-missing').map(([path = '']) => path).slice(0, 40) },
    units: new Map(all('unit').slice(0, 16).map(([name = '', active = '', sub = '', file = '-']) => [name, { active, sub, file }])),
    userDoor: one('user-door')[0] !== 'missing',
    sshd: {
      installed: one('sshd')[0] === 'ok', privateComplaint: complaint(all('private-sshd')), userComplaint: complaint(all('user-sshd')),
      listens: one('listens')[0] === 'yes',
    },
    links: all('link').slice(0, MAX_LINKS).map(([name = '', mac = '', up, carrier]) => ({ name, mac: mac.toLowerCase(), up: up === 'up', carrier: carrier === '1' })),
    network: lines.some(({ word }) => word === 'no-ip') ? undefined : {
      addresses: all('address').slice(0, 64).map(([link = '', address = '', how]) => ({ link, address: address.replace(/\/.*$/, ''), dynamic: how === 'dynamic' })),
      routes: all('route').slice(0, 16).map((words) => words.join(' ')),
    },
    dns: all('dns').slice(0, 3).map(([server = '', said = '']) => ({ server, answer: said === 'unasked' ? said : /^4846[89a-f]/.test(said) ? 'answered' : 'silent' })),
    root: rootOf(one('root')),
    cloud: cloudOf(one('cloud')),
  };
}

function complaint(tests: readonly (readonly string[])[]): string | undefined {
  const bad = tests.find(([state]) => state === 'broken');
  return bad && (bad.slice(1).join(' ') || 'it does not say why');
}

function rootOf([mode, ...figures]: readonly string[]): Look['root'] {
  const [totalKiB = Number.NaN, freeKiB = Number.NaN, inodes = Number.NaN, freeInodes = Number.NaN] = figures.map(Number);
  if (mode === undefined || !Number.isFinite(totalKiB) || !Number.isFinite(freeKiB)) return undefined;
  // A file system without a table of inodes (btrfs) tells 0 or nothing of them.
  return { readOnly: mode === 'ro', totalKiB, freeKiB, inodes: inodes || 0, freeInodes: freeInodes || 0 };
}

function cloudOf([state = '', ...rest]: readonly string[]): Look['cloud'] {
  if (state === 'disabled' || state === 'absent' || state === 'running') return { state, error: '' };
  const error = firstError(rest.join(' '));
  return error === undefined ? { state: 'done', error: '' } : { state: 'error', error };
}

/** cloud-init's result.json: `{"v1": {"datasource": …, "errors": [ … ]}}`. */
function firstError(json: string): string | undefined {
  try {
    const result: unknown = JSON.parse(json);
    const errors = (result as { v1?: { errors?: unknown } } | null)?.v1?.errors;
    return Array.isArray(errors) && errors.length > 0 ? printable(String(errors[0])) : undefined;
  } catch {
    return 'its result.json cannot be read';
  }
}
