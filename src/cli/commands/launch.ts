import { requireInstanceName } from '../../core/names.ts';
import { requireSize } from '../../core/sizes.ts';
import { fail } from '../../core/errors.ts';
import { openImage, readCloudInit } from '../caller-files.ts';
import { defineCommand } from '../command.ts';
import { launchInstance } from '../launching.ts';
import { cpuCount, TIMEOUT_OPTION, timeoutSeconds } from '../numbers.ts';
import { createProgress } from '../progress.ts';
import { uploadImage } from '../uploading.ts';

export const launch = defineCommand({
  name: 'launch',
  group: 'Instances',
  summary: 'Create an instance and start it',
  usage: '[<image>]',
  args: [0, 1],
  options: {
    name: { flags: '-n, --name <name>', summary: 'its name; one is made up when absent' },
    cpus: { flags: '-c, --cpus <n>', summary: 'virtual processors (1)' },
    memory: { flags: '-m, --memory <size>', summary: 'memory, at least 512M (1G)' },
    disk: { flags: '-d, --disk <size>', summary: 'disk, at least 1G (5G)' },
    cloudInit: { flags: '--cloud-init <file>', summary: 'cloud-init user data; - reads it from stdin' },
    cold: { flags: '--cold', summary: 'boot it, though it could be forked of a template' },
    timeout: TIMEOUT_OPTION,
  },
  examples: [
    ['holdfast launch', 'the default image, with a name made up'],
    ['holdfast launch debian:13 -n apollo -c 2 -m 2G -d 20G', 'chosen in full'],
    ['holdfast launch file:///srv/disk.qcow2', 'an image of yours'],
  ],
  notes: ['An image is a name that "holdfast image list" shows, or file:// and an absolute path.'],
  async run(context, { args, options }) {
    const { name, memory, disk } = options;
    const [image] = args;
    if (name !== undefined) requireInstanceName(name);
    const cpus = cpuCount(options.cpus);
    const seconds = timeoutSeconds(options.timeout);
    if (memory !== undefined) requireSize('memory', memory);
    if (disk !== undefined) requireSize('disk', disk);
    if (image !== undefined && /^https?:\/\//.test(image)) {
      throw fail('not-supported', 'images are not downloaded from URLs yet', { hint: 'download it, then: holdfast launch file:///path/to/it' });
    }
    await using file = image === undefined ? undefined : await openImage(image);
    // The daemon checks it and says line and column.
    const cloudInit = options.cloudInit === undefined ? undefined : await readCloudInit(options.cloudInit, context.stdin);
    const client = await context.client();
    const progress = createProgress(context.stderr, context.isTTY.stderr);
    const chosen = file ? await uploadImage(client, file, progress, context.signal) : image;
    await launchInstance(context, client, {
      ...(name === undefined ? {} : { name }), ...(chosen === undefined ? {} : { image: chosen }), ...(cpus === undefined ? {} : { cpus }),
      ...(memory === undefined ? {} : { memory }), ...(disk === undefined ? {} : { disk }), ...(cloudInit === undefined ? {} : { cloudInit }),
      ...(options.cold ? { cold: true } : {}), ...(seconds === undefined ? {} : { timeoutSeconds: seconds }),
    }, progress);
  },
});
