import { requireArchitecture } from '../../core/architecture.ts';
import { defineCommand, type Context } from '../command.ts';
import { UsageError } from '../failure.ts';
import { runOperation } from '../operations.ts';
import { FORMAT_OPTION, requireFormat } from '../render/format.ts';
import { renderImages } from '../render/images.ts';

const BUILDS = /^debian(?::1[23])?$/;

export const image = defineCommand({
  name: 'image',
  group: 'Images',
  onlyHere: true,
  summary: 'Build images from packages, and show those there are',
  usage: 'list | build <distribution>[:<release>]',
  takes: [['list', 'show what can be launched'], ['build', 'make an image'], ['<distribution>[:<release>]', 'what of; debian is Debian 12 when no release is given']],
  args: [1, 2],
  options: {
    arch: { flags: '--arch <architecture>', summary: 'build: x86_64 or arm64 (this machine\'s)' },
    force: { flags: '--force', summary: 'build it again though it is there' },
    format: FORMAT_OPTION,
  },
  examples: [
    ['holdfast image build debian:13', 'from the packages of Debian 13'],
    ['holdfast image build debian --arch arm64', 'for another architecture than this machine\'s; needs qemu-user-static and arch-test'],
    ['holdfast image list', 'what can be launched'],
  ],
  notes: ['Can be built: debian (Debian 12), debian:12, debian:13.'],
  async run(context, { args: [verb, target], options }) {
    if (verb === 'list') {
      if (target !== undefined) throw new UsageError('"image list" takes no arguments');
      if (options.force) throw new UsageError('--force belongs to "image build"');
      if (options.arch !== undefined) throw new UsageError('--arch belongs to "image build"');
      return list(context, options.format);
    }
    if (verb !== 'build') throw new UsageError(`Unknown action '${verb}'`, 'there are: image list, image build');
    if (options.format !== undefined) throw new UsageError('--format belongs to "image list"');
    if (target === undefined || !BUILDS.test(target)) {
      throw new UsageError(target === undefined ? 'Name what to build' : `Cannot build '${target}'`, 'there are: debian, debian:12, debian:13');
    }
    if (options.arch !== undefined) requireArchitecture(options.arch);
    return build(context, target, options.arch, options.force);
  },
});

async function list({ client: connect, stdout, signal }: Context, formatText: string | undefined): Promise<void> {
  const format = requireFormat(formatText);
  const client = await connect();
  stdout.write(renderImages((await client.call('listImages', {}, { signal })).images, format));
}

async function build(context: Context, target: string, architecture: string | undefined, force: boolean): Promise<void> {
  const client = await context.client();
  const { result } = await runOperation(context, client, () => client.call('buildImage', { body: { target, ...(architecture === undefined ? {} : { architecture }), ...(force ? { force } : {}) } }));
  context.stdout.write(`Built: ${result['name'] ?? target}\n`);
}
