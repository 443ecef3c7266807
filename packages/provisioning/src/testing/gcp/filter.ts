/** The part of the API's filter language that clients use: `a.b=c`, `!=`, `:` (has; `:*` any), `eq` and `ne` with a pattern, AND, OR, NOT, brackets, side by side for AND. */
type Test = (item: unknown) => boolean;

const TOKENS = /\s*(?:(\(|\)|!=|=|:)|"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'|([^\s()=:!"']+))/gy;

interface Token {
  text: string;
  /** A sign, not a word. */
  sign: boolean;
}

/** @throws Error for a text that is not a filter */
export function parseFilter(text: string): Test {
  const tokens: Token[] = [];
  const pattern = new RegExp(TOKENS);
  const trimmed = text.trim();
  while (pattern.lastIndex < trimmed.length) {
    const match = pattern.exec(trimmed);
    if (match === null) throw new Error(`Invalid filter: ${text}`);
    const [, sign, double, single, word] = match;
    tokens.push({ text: sign ?? double ?? single ?? word ?? '', sign: sign !== undefined });
  }
  let at = 0;
  const fail = (): never => {
    throw new Error(`Invalid filter: ${text}`);
  };
  const isSign = (sign: string) => tokens[at]?.sign === true && tokens[at]?.text === sign;
  const isWord = (word: string) => tokens[at]?.sign === false && tokens[at]?.text === word;
  const either = (): Test => {
    let left = both();
    while (isWord('OR')) {
      at += 1;
      const [a, b] = [left, both()];
      left = (item) => a(item) || b(item);
    }
    return left;
  };
  const both = (): Test => {
    let left = one();
    while (at < tokens.length && !isSign(')') && !isWord('OR')) {
      if (isWord('AND')) at += 1;
      const [a, b] = [left, one()];
      left = (item) => a(item) && b(item);
    }
    return left;
  };
  const one = (): Test => {
    if (isWord('NOT')) {
      at += 1;
      const inner = one();
      return (item) => !inner(item);
    }
    if (isSign('(')) {
      at += 1;
      const inner = either();
      if (!isSign(')')) fail();
      at += 1;
      return inner;
    }
    const field = tokens[at] ?? fail();
    const operator = tokens[at + 1] ?? fail();
    const value = tokens[at + 2] ?? fail();
    if (field.sign || value.sign) fail();
    at += 3;
    return comparison(field.text, operator.text, value.text) ?? fail();
  };
  const test = either();
  return at === tokens.length ? test : fail();
}

function comparison(field: string, operator: string, value: string): Test | null {
  const of = (item: unknown) => valueAt(item, field);
  switch (operator) {
    case '=':
      return (item) => of(item) === value;
    case '!=':
      return (item) => of(item) !== value;
    case ':':
      return (item) => (value === '*' ? of(item) !== undefined : (of(item) ?? '').includes(value));
    case 'eq':
    case 'ne': {
      // The pattern has to fit the whole value.
      const pattern = new RegExp(`^(?:${value})$`);
      return (item) => pattern.test(of(item) ?? '') === (operator === 'eq');
    }
    default:
      return null;
  }
}

function valueAt(item: unknown, path: string): string | undefined {
  let value = item;
  for (const key of path.split('.')) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = (value as Record<string, unknown>)[key];
  }
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? String(value) : undefined;
}
