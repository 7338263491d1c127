/**
 * The index of a simplestreams tree, `streams/v1/index.sjson` (signed in itself; `index.json` is the same without): which
 * files list its products. Format: index:1.0 of simplestreams (canonical-simplestreams.readthedocs-hosted.com).
 */
import { fieldsOf, Malformed, own, requirePath, requireTextOf, textOf } from './untrusted.ts';

export interface StreamFile {
  readonly contentId: string;
  /** From the root of the tree, to the signed form of the file. */
  readonly path: string;
}

const MOST_FILES = 20;

/** @param contentId  the only one to take, where it is known  @throws Malformed */
export function parseStreamIndex(value: unknown, contentId: string | undefined): StreamFile[] {
  const index = fieldsOf(value, 'the index');
  if (textOf(index, 'format', 'the index') !== 'index:1.0') throw new Malformed('is no index:1.0 of simplestreams');
  const listed = Object.entries(fieldsOf(own(index, 'index'), 'its list of streams'));
  const files = listed
    .filter(([id]) => contentId === undefined || id === contentId)
    .map(([id, entry]) => ({ id, entry: fieldsOf(entry, `the stream ${id.slice(0, 100)}`) }))
    .filter(({ entry }) => own(entry, 'datatype') === 'image-downloads')
    .map(({ id, entry }) => ({ contentId: id, path: signedForm(requirePath(requireTextOf(entry, 'path', id), id)) }));
  if (files.length === 0) throw new Malformed(`lists no images${contentId === undefined ? '' : ` as ${contentId}`}`);
  if (files.length > MOST_FILES) throw new Malformed(`lists more than ${MOST_FILES} streams`);
  return files;
}

/** `x.json` is the same list with its signature elsewhere. */
function signedForm(path: string): string {
  return path.replace(/\.json$/, '.sjson');
}
