/**
 * Reads a user's YAML within bounds. The parser descends with the nesting and some of its work grows with the square
 * of what it reads, and a daemon that others wait for must not be held up by a file: what is too deep or has too many
 * parts or mistakes is not read to its end.
 */
import { Composer, type Document, Lexer, LineCounter, Parser, YAMLParseError, type ParseOptions, type DocumentOptions, type SchemaOptions } from 'yaml';

/** cloud-init's own parser (PyYAML) gives up at some 300. */
const DEEPEST = 64;
/** A long text is one part: this is about keys, values and signs. A line makes about eight. */
const MOST_PARTS = 40_000;
/** Each is an Error with its stack, and one part can have a million: the escapes of a quoted text. */
export const MOST_MISTAKES = 100;
/** No mistakes, such as a tag that this parser does not know for such a value, but Errors all the same: more are not kept. */
const MOST_WARNINGS = 100;

export type BoundedYaml =
  | { readonly document: Document.Parsed; readonly lines: LineCounter }
  /** Not read: `deep` at that offset (a mistake), with more `parts` than are looked at, or more `mistakes`, the first at that offset. */
  | { readonly beyond: Limit; readonly offset: number; readonly lines: LineCounter };

type Limit = 'deep' | 'parts' | 'mistakes';

class Beyond extends Error {
  readonly what: Limit;
  readonly offset: number;

  constructor(what: Limit, offset: number) {
    super(what);
    this.what = what;
    this.offset = offset;
  }
}

/** The first document of the text; a second one is an error in it, as with the parser's own parseDocument. */
export function readYaml(text: string, options: ParseOptions & DocumentOptions & SchemaOptions = {}): BoundedYaml {
  const lines = new LineCounter();
  lines.addNewLine(0);
  const composer = new Composer({ ...options, uniqueKeys: false, prettyErrors: false });
  const mistake = countMistakes();
  tellMistakes(composer, mistake);
  let document: Document.Parsed | undefined;
  try {
    for (const each of composer.compose(tokens(text, new Parser(lines.addNewLine), mistake), true, text.length)) {
      if (document === undefined) {
        document = each;
        continue;
      }
      document.errors.push(new YAMLParseError([each.range[0], each.range[1]], 'MULTIPLE_DOCS', 'a second document begins; cloud-init reads one'));
      break;
    }
  } catch (error) {
    if (!(error instanceof Beyond)) throw error;
    return { beyond: error.what, offset: error.offset, lines };
  }
  if (document === undefined) throw new TypeError('a text without a document: the composer was told to make one');
  return { document, lines };
}

/** @returns what is called with the offset of each  @throws Beyond, then */
function countMistakes(): (offset: number) => void {
  let count = 0;
  let first = 0;
  return (offset) => {
    if (count === 0) first = offset;
    count += 1;
    if (count > MOST_MISTAKES) throw new Beyond('mistakes', first);
  };
}

type Source = number | readonly number[] | { readonly offset: number };
type OnError = (source: Source, code: string, message: string, isWarning?: boolean) => void;

/** The composer hands its own member down to whatever finds a mistake. */
function tellMistakes(composer: Composer, mistake: (offset: number) => void): void {
  const { onError } = composer as unknown as { readonly onError: OnError };
  let warnings = 0;
  const counted: OnError = (source, code, message, isWarning = false) => {
    if (!isWarning) mistake(typeof source === 'number' ? source : 'offset' in source ? source.offset : source[0] ?? 0);
    else if (warnings === MOST_WARNINGS) return;
    else warnings += 1;
    onError(source, code, message, isWarning);
  };
  Object.assign(composer, { onError: counted });
}

function* tokens(text: string, parser: Parser, mistake: (offset: number) => void): ReturnType<Parser['parse']> {
  let parts = 0;
  for (const lexeme of new Lexer().lex(text)) {
    parts += 1;
    if (parts > MOST_PARTS) throw new Beyond('parts', parser.offset);
    for (const token of parser.next(lexeme)) {
      if (token.type === 'error') mistake(token.offset);
      yield token;
    }
    if (parser.stack.length > DEEPEST) throw new Beyond('deep', parser.offset);
  }
  yield* parser.end();
}
