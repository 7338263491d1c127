/** Decides whether a launch can be done at all, before anything is made. */
import type { WireLaunch } from '../../api/schemas.ts';
import { checkUserData, type UserDataFinding } from '../../core/cloudinit/check.ts';
import { fail } from '../../core/errors.ts';
import { requireInstanceName } from '../../core/names.ts';
import { requireSize } from '../../core/sizes.ts';
import { unpackUserData } from '../../host/unpack-user-data.ts';
import type { ResolvedImage } from '../images.ts';
import { DEFAULT_TIMEOUT_S, type House } from './house.ts';
import { petName } from './identity.ts';

export interface CheckedLaunch {
  readonly name: string;
  readonly image: ResolvedImage;
  readonly cpus: number;
  readonly memoryBytes: number;
  readonly diskBytes: number;
  readonly userData: Uint8Array | undefined;
  readonly timezone: string;
  readonly cold: boolean;
  readonly timeoutSeconds: number;
  readonly warnings: readonly string[];
}

/** @throws bad-name, bad-size, bad-cloud-init, instance-exists, image-not-found */
export async function checkLaunch(house: House, request: WireLaunch): Promise<CheckedLaunch> {
  const names = new Set(house.registry.all.map(({ name }) => name));
  const name = requireInstanceName(request.name ?? petName(names));
  if (names.has(name)) throw fail('instance-exists', `instance "${name}" already exists`, { hint: `choose another name, or see: holdfast info ${name}` });
  const userData = request.cloudInit === undefined ? undefined : new Uint8Array(Buffer.from(request.cloudInit, 'base64'));
  const warnings = userData ? requireUserData(userData) : [];
  return {
    name,
    cpus: request.cpus ?? 1,
    memoryBytes: requireSize('memory', request.memory ?? '1G'),
    diskBytes: requireSize('disk', request.disk ?? '5G'),
    image: await house.images.resolve(request.image),
    userData,
    timezone: request.timezone ?? 'Etc/UTC',
    cold: request.cold ?? false,
    timeoutSeconds: request.timeoutSeconds ?? DEFAULT_TIMEOUT_S,
    warnings,
  };
}

function requireUserData(userData: Uint8Array): string[] {
  const { errors, warnings } = checkUserData(unpackUserData(userData));
  const [first] = errors;
  if (first) {
    throw fail('bad-cloud-init', `Could not load cloud-init configuration: ${placed(first)}`, {
      hint: 'correct the file; nothing was created',
    });
  }
  return warnings.map((warning) => `cloud-init data: ${placed(warning)}`);
}

/** What concerns the whole has no line. */
function placed({ message, line, column }: UserDataFinding): string {
  return line === 0 ? message : `line ${line}, column ${column}: ${message}`;
}
