import { BatchError, UsageError } from '../failure.ts';
import { HoldfastError } from '../../core/errors.ts';
import { defineCommand } from '../command.ts';
import { askForMount, checkIdPairs, requireSource, splitPlace } from '../mounting.ts';

export const mount = defineCommand({
  name: 'mount',
  group: 'Inside an instance',
  summary: 'Give instances a directory of this machine',
  usage: '<source> <name>[:<path>]...',
  takes: [['<source>', 'a directory here'], ['<name>', 'of the instance'], ['<path>', 'where it is there; in the home of its user, under its own name, when absent']],
  args: [0, Infinity],
  options: {
    type: { flags: '-t, --type <type>', summary: 'classic or native, which is faster and comes with a start of the instance (classic)' },
    uidMap: { flags: '-u, --uid-map <host>:<instance>', summary: 'whose user id is whose; may be given several times (you are its default user)', repeatable: true },
    gidMap: { flags: '-g, --gid-map <host>:<instance>', summary: 'the same for groups', repeatable: true },
  },
  examples: [
    ['holdfast mount . apollo', 'this directory, in the home there'],
    ['holdfast mount /srv/data apollo:/data hermes:/data', 'in two instances'],
    ['holdfast mount --type native src apollo:/src', 'as a device, into one that is stopped'],
    ['holdfast mount src apollo:/src -u 1000:33 -g 1000:33', 'with other owners there'],
  ],
  notes: ['It stays until it is unmounted: also over restarts, and whatever becomes of the guest\'s network. The instance reaches nothing outside of the directory, and in it what you may. In one that is stopped it is there from its next start.', 'A native mount is a device of the instance: it is faster, one id of yours is mapped, and while an instance has one it is neither suspended nor kept in a live snapshot. It comes and goes while the instance is stopped.'],
  async run(context, { args: [given, ...places], options }) {
    if (given === undefined || places.length === 0) throw new UsageError('Wrong number of arguments given', 'see: holdfast help mount');
    if (options.type !== undefined && options.type !== 'classic' && options.type !== 'native') throw new UsageError(`Bad mount type '${options.type}' specified, please use 'classic' or 'native'`);
    const source = await requireSource(given);
    const wanted = places.map(splitPlace);
    const [uidMap, gidMap] = [checkIdPairs('UID', options.uidMap), checkIdPairs('GID', options.gidMap)];
    const client = await context.client();
    const failed: HoldfastError[] = [];
    for (const { instance, target } of wanted) {
      try {
        await askForMount(context, client, instance, {
          source, ...(target === undefined ? {} : { target }), ...(uidMap.length === 0 ? {} : { uidMap: [...uidMap] }), ...(gidMap.length === 0 ? {} : { gidMap: [...gidMap] }),
          ...(options.type === 'native' ? { type: 'native' } : {}),
        });
      } catch (error) {
        if (!(error instanceof HoldfastError) || error.code === 'cancelled' || wanted.length === 1) throw error;
        failed.push(error);
      }
    }
    if (failed.length > 0) throw new BatchError(failed);
  },
});
