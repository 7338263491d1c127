/** Which action is legal in which state, as a table; what is not in it is refused with the reason given here. */
import { fail } from './errors.ts';
import type { State } from './instance.ts';

export const ACTIONS = ['start', 'stop', 'force-stop', 'restart', 'delete', 'recover', 'purge', 'exec', 'modify', 'suspend'] as const;
/** `delete` can be undone, `purge` is for good. */
export type Action = (typeof ACTIONS)[number];

/** `do`: carry it out; `nothing`: already so, succeed; `refuse`: not from here. */
export type Ruling = 'do' | 'nothing' | 'refuse';

const EVERY = {
  'Running':          { 'start': 'nothing', 'stop': 'do',      'force-stop': 'do',      'restart': 'do',     'delete': 'do',     'recover': 'nothing', 'purge': 'do', 'exec': 'do',     'modify': 'refuse', 'suspend': 'do' },
  'Stopped':          { 'start': 'do',      'stop': 'nothing', 'force-stop': 'nothing', 'restart': 'refuse', 'delete': 'do',     'recover': 'nothing', 'purge': 'do', 'exec': 'do',     'modify': 'do', 'suspend': 'nothing' },
  'Starting':         { 'start': 'nothing', 'stop': 'do',      'force-stop': 'do',      'restart': 'refuse', 'delete': 'do',     'recover': 'nothing', 'purge': 'do', 'exec': 'do',     'modify': 'refuse', 'suspend': 'refuse' },
  'Restarting':       { 'start': 'nothing', 'stop': 'do',      'force-stop': 'do',      'restart': 'nothing', 'delete': 'do',    'recover': 'nothing', 'purge': 'do', 'exec': 'do',     'modify': 'refuse', 'suspend': 'refuse' },
  'Deleted':          { 'start': 'refuse',  'stop': 'refuse',  'force-stop': 'refuse',  'restart': 'refuse', 'delete': 'do',     'recover': 'do',      'purge': 'do', 'exec': 'refuse', 'modify': 'refuse', 'suspend': 'refuse' },
  'Suspended':        { 'start': 'do',      'stop': 'refuse',  'force-stop': 'do',      'restart': 'refuse', 'delete': 'do',     'recover': 'nothing', 'purge': 'do', 'exec': 'do',     'modify': 'refuse', 'suspend': 'nothing' },
  'Suspending':       { 'start': 'refuse',  'stop': 'refuse',  'force-stop': 'do',      'restart': 'refuse', 'delete': 'refuse', 'recover': 'nothing', 'purge': 'do', 'exec': 'refuse', 'modify': 'refuse', 'suspend': 'nothing' },
  'Delayed Shutdown': { 'start': 'nothing', 'stop': 'do',      'force-stop': 'do',      'restart': 'do',     'delete': 'do',     'recover': 'nothing', 'purge': 'do', 'exec': 'do',     'modify': 'refuse', 'suspend': 'do' },
  'Unavailable':      { 'start': 'refuse',  'stop': 'nothing', 'force-stop': 'nothing', 'restart': 'refuse', 'delete': 'do',     'recover': 'nothing', 'purge': 'do', 'exec': 'refuse', 'modify': 'refuse', 'suspend': 'refuse' },
  'Unknown':          { 'start': 'refuse',  'stop': 'do',      'force-stop': 'do',      'restart': 'do',     'delete': 'do',     'recover': 'nothing', 'purge': 'do', 'exec': 'do',     'modify': 'refuse', 'suspend': 'do' },
  'Crashed':          { 'start': 'do',      'stop': 'do',      'force-stop': 'do',      'restart': 'do',     'delete': 'do',     'recover': 'nothing', 'purge': 'do', 'exec': 'refuse', 'modify': 'do', 'suspend': 'refuse' },
} as const satisfies Record<State, Record<Action, Ruling>>;

export function ruling(state: State, action: Action): Ruling {
  return EVERY[state][action];
}

/** What helps where something is refused for its state. */
const HINTS: Partial<Record<Action, (name: string) => string>> = {
  stop: (name) => `give up what was saved, and stop it: holdfast stop --force ${name}`,
  delete: (name) => `wait for it, or remove it for good: holdfast delete --purge ${name}`,
};

const UNAVAILABLE = 'see: holdfast zones; make it available: holdfast enable-zones <zone>';

function toStop(name: string, state: State): string {
  switch (state) {
    case 'Suspended': return `start it, then stop it: holdfast start ${name}, then holdfast stop ${name}; its memory would have to be given up otherwise`;
    case 'Unavailable': return UNAVAILABLE;
    default: return `stop it: holdfast stop ${name}`;
  }
}

/** @throws instance-deleted, instance-crashed, wrong-state */
export function requireLegal(name: string, state: State, reason: string | null, action: Action): Ruling {
  const decided = ruling(state, action);
  if (decided !== 'refuse') return decided;
  if (state === 'Deleted') {
    throw fail('instance-deleted', `Instance '${name}' is deleted. Use 'recover' to recover it or 'purge' to permanently delete it.`);
  }
  if (state === 'Crashed') {
    throw fail('instance-crashed', `${name} crashed: ${reason ?? 'the reason is not known'}`, {
      hint: `start it again: holdfast start ${name}; its console: holdfast logs ${name}`,
    });
  }
  if (state === 'Unknown' && action === 'start') {
    throw fail('wrong-state', `Instance '${name}' is already running, but in an unknown state. Try to stop it first.`);
  }
  if (state === 'Unavailable' && action !== 'modify') {
    throw fail('wrong-state', `Cannot ${action} ${name}: its zone is unavailable`, { hint: UNAVAILABLE });
  }
  if (action === 'modify') {
    throw fail('wrong-state', `Cannot update instance settings; instance: ${name}; reason: Instance must be stopped for modification`, { hint: toStop(name, state) });
  }
  throw fail('wrong-state', `Cannot ${action} ${name}: it is ${state}${reason ? ` (${reason})` : ''}`, {
    hint: HINTS[action]?.(name) ?? `see: holdfast info ${name}`,
  });
}
