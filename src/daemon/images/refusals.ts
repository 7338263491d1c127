/** What is said of an image that is not to be had, with how to come by one. */
import { fail, type HoldfastError } from '../../core/errors.ts';
import type { Architecture } from '../../core/instance.ts';
import { HOST_ARCHITECTURE } from '../../host/architecture.ts';

/** Where there is no network. */
export const LOCAL_DEFAULT = 'debian';

export function refuseDefault(wanted: Architecture | undefined, trouble: HoldfastError | undefined): never {
  const why = trouble === undefined ? 'Ubuntu publishes none that would do' : `what Ubuntu publishes is not known: ${trouble.message}`;
  throw fail('image-not-found', `there is no image to launch${foreign(wanted)}: none was built here, and ${why}`, { hint: notBuilt(undefined, wanted).hint });
}

export function notBuilt(name: string | undefined, architecture: Architecture | undefined): HoldfastError {
  const what = (name ?? LOCAL_DEFAULT).replace(/^local:/, '');
  return fail('image-not-found', `there is no image ${JSON.stringify(name ?? LOCAL_DEFAULT)}${foreign(architecture)}`, {
    hint: what.startsWith('debian') ? `build it first: holdfast image build ${what.replace('-', ':')}${foreign(architecture) === '' ? '' : ` --arch ${architecture}`}` : 'see which there are: holdfast image list',
  });
}

export function notFound(name: string, remote: string | undefined, architecture: Architecture | undefined, troubles: readonly HoldfastError[]): HoldfastError {
  const [trouble] = troubles;
  if (remote !== undefined && trouble !== undefined) return fail('image-not-found', `Remote "${remote}" is unknown or unreachable. ${trouble.message}`, { hint: trouble.hint });
  const about = trouble === undefined ? '' : `; not everything is known that is published: ${trouble.message}`;
  return fail('image-not-found', `there is no image ${JSON.stringify(name.slice(0, 200))}${foreign(architecture)}${about}`, { hint: 'see which there are: holdfast find, holdfast image list' });
}

function foreign(architecture: Architecture | undefined): string {
  return architecture === undefined || architecture === HOST_ARCHITECTURE ? '' : ` for ${architecture}`;
}
