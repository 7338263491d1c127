/** Tells from mmdebstrap's lines how far it is. The shares were measured: two thirds go into configuring packages. */
export interface Stage {
  readonly text: string;
  /** Of the whole build, 0..1. */
  readonly fraction: number;
}

const STAGES: readonly (readonly [RegExp, Stage])[] = [
  [/^I: running apt-get update/, { text: 'Reading the package lists', fraction: 0.02 }],
  [/^I: downloading packages/, { text: 'Downloading packages', fraction: 0.06 }],
  [/^I: extracting archives/, { text: 'Unpacking the base system', fraction: 0.12 }],
  [/^I: installing essential packages/, { text: 'Installing the base system', fraction: 0.16 }],
  [/^I: installing remaining packages/, { text: 'Installing the kernel, cloud-init and the rest', fraction: 0.27 }],
  [/^I: running --customize-hook in shell/, { text: 'Configuring the system', fraction: 0.74 }],
  [/^I: creating tarball/, { text: 'Collecting the files', fraction: 0.77 }],
];

/** Where the steps after mmdebstrap begin. */
export const PACK_STAGE: Stage = { text: 'Writing the file system', fraction: 0.82 };
export const CONVERT_STAGE: Stage = { text: 'Compressing the image', fraction: 0.9 };
export const STORE_STAGE: Stage = { text: 'Checking the image', fraction: 0.97 };

export function stageOf(line: string): Stage | undefined {
  return STAGES.find(([pattern]) => pattern.test(line))?.[1];
}

/** @returns the line that says why it failed, out of many that do not */
export function reasonOf(lines: readonly string[]): string {
  const own = lines.findLast((line) => /^E: (?!setup failed|mmdebstrap failed|.*failed with exit code|run_)/.test(line));
  const found = own ?? lines.findLast((line) => /^(?:E|Err)[: ]|error/i.test(line)) ?? lines.at(-1) ?? 'it said nothing';
  return found.replace(/^E: /, '').slice(0, 300);
}
