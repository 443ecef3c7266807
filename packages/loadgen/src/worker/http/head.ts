import { badAnswer } from './bad-answer.ts';

/** What a client must know of the head of an answer. */
export interface Head {
  status: number;
  contentType: string;
  /** The body is in chunks, and ends with an empty one. */
  chunked: boolean;
  /** Bytes of a body that is not in chunks; null: it goes on until the connection ends. */
  length: number | null;
  /** The connection stays after this answer. */
  persistent: boolean;
  /** How long the server keeps it when idle, as it says, milliseconds; null: it says nothing. */
  keepMs: number | null;
}

const STATUS_LINE = /^HTTP\/1\.([01]) (\d{3})(?: .*)?$/;

/** Reads a head without the empty line at its end (RFC 9112 sections 4, 6.3 and 9.3). @throws Error `HPE_ANSWER`. */
export function readHead(text: string): Head {
  const lines = text.split(/\r?\n/);
  const first = STATUS_LINE.exec(lines[0] as string);
  if (!first) throw badAnswer(`it begins with ${JSON.stringify((lines[0] as string).slice(0, 60))}`);
  const status = Number(first[2]);
  let contentType = '';
  let length: number | null = null;
  let encoding = '';
  let connection = '';
  let keepMs: number | null = null;
  for (let i = 1; i < lines.length; i++) {
    const line = lines[i] as string;
    const colon = line.indexOf(':');
    if (colon <= 0) throw badAnswer(`a header line without a name: ${JSON.stringify(line.slice(0, 60))}`);
    const value = () => line.slice(colon + 1).trim();
    switch (line.slice(0, colon).toLowerCase()) {
      case 'content-type':
        contentType = value();
        break;
      case 'content-length': {
        const said = lengthOf(value());
        if (length !== null && length !== said) throw badAnswer('two different content lengths');
        length = said;
        break;
      }
      case 'transfer-encoding':
        encoding += `,${value().toLowerCase()}`;
        break;
      case 'connection':
        connection += `,${value().toLowerCase()}`;
        break;
      case 'keep-alive': {
        const seconds = /timeout\s*=\s*(\d{1,9})/i.exec(value());
        if (seconds) keepMs = Number(seconds[1]) * 1000;
        break;
      }
      default:
    }
  }
  const chunked = encoding !== '' && words(encoding).at(-1) === 'chunked';
  // What is encoded otherwise goes on until the end of the connection, whatever length is said.
  if (encoding !== '') length = null;
  const options = words(connection);
  const persistent = options.includes('close') ? false : first[1] === '1' || options.includes('keep-alive');
  return { status, contentType, chunked, length, persistent, keepMs };
}

function lengthOf(value: string): number {
  // A list of equal ones comes of headers that were put together on the way.
  const said = new Set(words(value));
  const [only = ''] = said;
  if (said.size !== 1 || !/^\d{1,15}$/.test(only)) throw badAnswer(`a content length of ${JSON.stringify(value.slice(0, 60))}`);
  return Number(only);
}

const words = (list: string): string[] =>
  list
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '');
