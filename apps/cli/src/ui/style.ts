import { styleText } from 'node:util';

type Paint = (text: string) => string;

export interface Styles {
  color: boolean;
  unicode: boolean;
  bold: Paint;
  dim: Paint;
  red: Paint;
  green: Paint;
  yellow: Paint;
  cyan: Paint;
}

/** Colours where the stream is a terminal that wants them (NO_COLOR and FORCE_COLOR are honoured). */
export function styles(stream: NodeJS.WriteStream): Styles {
  const env = process.env;
  const color = env['FORCE_COLOR'] ? env['FORCE_COLOR'] !== '0' : stream.isTTY === true && !env['NO_COLOR'] && env['TERM'] !== 'dumb';
  const paint =
    (format: Parameters<typeof styleText>[0]): Paint =>
    (text) =>
      color ? styleText(format, text) : text;
  return {
    color,
    unicode: /UTF-?8/i.test(env['LC_ALL'] ?? env['LC_CTYPE'] ?? env['LANG'] ?? '') || env['TERM_PROGRAM'] !== undefined,
    bold: paint('bold'),
    dim: paint('dim'),
    red: paint('red'),
    green: paint('green'),
    yellow: paint('yellow'),
    cyan: paint('cyan'),
  };
}
