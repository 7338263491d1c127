/** The architecture of the machine we run on. */
import type { Architecture } from '../core/instance.ts';

export const HOST_ARCHITECTURE: Architecture = process.arch === 'arm64' ? 'aarch64' : 'x86_64';
