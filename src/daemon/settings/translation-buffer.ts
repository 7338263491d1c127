/**
 * The setting for translated code: memory of each emulated machine, from its next start on. A fork has little by itself, so that
 * idle ones are cheap; whoever has memory and no hardware virtualisation gives more: docs/decisions/templates.md.
 */
import { parseSize, showSize } from '../../core/sizes.ts';
import type { SettingStore } from '../../store/settings.ts';

export const TRANSLATION_BUFFER_KEY = 'local.translation-buffer';
/** As the driver sees fit. */
export const AUTO = 'auto';
/** The upper is QEMU's own bound. */
const [LEAST, MOST] = [16 * 2 ** 20, 2 ** 30];

/** What a machine that is started now is to have; undefined where that is left to the driver. */
export function translationBufferBytes(settings: SettingStore): number | undefined {
  return bytesOf(settings.get(TRANSLATION_BUFFER_KEY) ?? AUTO);
}

/** @returns why the value will not do, or undefined */
export function refuseBuffer(value: string): string | undefined {
  return value === AUTO || bytesOf(value) !== undefined ? undefined : `it must be a size from ${showSize(LEAST)} to ${showSize(MOST)}, or ${AUTO}`;
}

export function bufferAsKept(value: string): string {
  const bytes = bytesOf(value);
  return bytes === undefined ? AUTO : showSize(bytes);
}

function bytesOf(value: string): number | undefined {
  const bytes = parseSize(value);
  return bytes !== undefined && bytes >= LEAST && bytes <= MOST ? bytes : undefined;
}
