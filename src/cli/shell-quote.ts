/** One word for sh, as it stands between other words of a line. */
export function shellQuote(word: string): string {
  return /^[A-Za-z0-9_./=:@,+-]+$/.test(word) ? word : `'${word.replaceAll("'", `'"'"'`)}'`;
}
