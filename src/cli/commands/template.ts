import { requireSize } from '../../core/sizes.ts';
import { defineCommand, type Context } from '../command.ts';
import { UsageError } from '../failure.ts';
import { cpuCount } from '../numbers.ts';
import { runOperation } from '../operations.ts';
import { FORMAT_OPTION, requireFormat } from '../render/format.ts';
import { renderTemplates } from '../render/templates.ts';

interface Options {
  readonly cpus?: string | undefined;
  readonly memory?: string | undefined;
}

export const template = defineCommand({
  name: 'template',
  group: 'Images',
  onlyHere: true,
  summary: 'Booted machines that launch forks: make, show and delete them',
  usage: 'list | build [<image>] | delete <template>',
  takes: [['list', 'show the templates'], ['build', 'make one ahead of time'], ['delete', 'remove one'], ['<image>', 'as for launch'], ['<template>', 'as the list shows it']],
  args: [1, 2],
  options: {
    cpus: { flags: '-c, --cpus <n>', summary: 'build: virtual processors (1)' },
    memory: { flags: '-m, --memory <size>', summary: 'build: memory, at least 512M (1G)' },
    format: FORMAT_OPTION,
  },
  examples: [
    ['holdfast template build debian', 'so that the first launch is quick too'],
    ['holdfast template list', 'what there is'],
  ],
  notes: ['The first launch of an image with so many processors and so much memory makes one by itself.', 'One that nobody used for two weeks is removed, and beyond 8 GiB in all those that were used least lately. To boot every instance: holdfast set local.templates=false'],
  async run(context, { args: [verb, what], options: { format, ...options } }) {
    if (format !== undefined && verb !== 'list') throw new UsageError('--format belongs to "template list"');
    if ((options.cpus ?? options.memory) !== undefined && verb !== 'build') throw new UsageError('--cpus and --memory belong to "template build"');
    switch (verb) {
      case 'list': {
        if (what !== undefined) throw new UsageError('"template list" takes no arguments');
        const shown = requireFormat(format);
        const client = await context.client();
        context.stdout.write(renderTemplates((await client.call('listTemplates', {}, { signal: context.signal })).templates, shown));
        return;
      }
      case 'build': return await build(context, what, options);
      case 'delete': {
        if (what === undefined) throw new UsageError('Name the template to delete');
        await (await context.client()).call('deleteTemplate', { params: { key: what } });
        return;
      }
      default: throw new UsageError(`Unknown action '${verb}'`, 'there are: template list, template build, template delete');
    }
  },
});

async function build(context: Context, image: string | undefined, { cpus: count, memory }: Options): Promise<void> {
  const cpus = cpuCount(count);
  if (memory !== undefined) requireSize('memory', memory);
  const client = await context.client();
  const body = { ...(image === undefined ? {} : { image }), ...(cpus === undefined ? {} : { cpus }), ...(memory === undefined ? {} : { memory }) };
  const { result } = await runOperation(context, client, () => client.call('buildTemplate', { body }));
  context.stdout.write(`Template: ${result['key'] ?? ''}\n`);
}
