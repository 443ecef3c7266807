/** Rows of a CSV text whose first line names the columns (RFC 4180): fields in quotes may hold commas, line ends and doubled quotes. */
export function readCsv(text: string): Record<string, string>[] {
  const [names = [], ...lines] = records(text.replace(/^\uFEFF/, ''));
  return lines.map((fields) => Object.fromEntries(names.map((name, i) => [name, fields[i] ?? ''])));
}

function records(text: string): string[][] {
  const found: string[][] = [];
  let fields: string[] = [];
  const field = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r?\n|\r|$)/y;
  while (field.lastIndex < text.length) {
    const at = field.lastIndex;
    const match = field.exec(text);
    if (!match) throw new Error(`a field that begins at character ${at} has a quote too many or too few`);
    fields.push(match[1]?.replaceAll('""', '"') ?? match[2] ?? '');
    if (match[3] === ',' && field.lastIndex < text.length) continue;
    if (match[3] === ',') fields.push('');
    if (fields.length > 1 || fields[0] !== '') found.push(fields);
    fields = [];
  }
  return found;
}
