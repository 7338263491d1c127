/** The names of architectures: ours are the kernel's; people and distributions also say amd64 and arm64. */
import { fail } from './errors.ts';
import type { Architecture } from './instance.ts';

const NAMES: Readonly<Record<string, Architecture>> = { x86_64: 'x86_64', amd64: 'x86_64', 'x86-64': 'x86_64', aarch64: 'aarch64', arm64: 'aarch64' };

/** For messages and completion. */
export const ARCHITECTURE_NAMES = ['x86_64', 'amd64', 'aarch64', 'arm64'] as const;

export function parseArchitecture(text: string): Architecture | undefined {
  const name = text.toLowerCase();
  return Object.hasOwn(NAMES, name) ? NAMES[name] : undefined;
}

/** @throws bad-argument */
export function requireArchitecture(text: string): Architecture {
  const found = parseArchitecture(text);
  if (found !== undefined) return found;
  throw fail('bad-argument', `there is no architecture "${text.slice(0, 40)}" here`, { hint: `one of: ${ARCHITECTURE_NAMES.join(', ')}` });
}
