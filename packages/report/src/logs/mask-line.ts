import { maskSecrets } from '@bench/core';

const BEGIN = '-----BEGIN ';
const END = /-----END [A-Z ]{0,40}PRIVATE KEY-----/;
const OPEN = /-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----/;
/** More lines no key has: one whose end was cut off hides no whole log. */
const MAX_KEY_LINES = 250;

/**
 * Masks the lines of one log, given in order: engines write their logs themselves, and a report is sent on. A private key is masked over all of its lines.
 */
export function lineMasker(): (line: string) => string {
  let hidden = 0;
  return (line) => {
    if (hidden > 0) {
      const end = END.exec(line);
      hidden = end ? 0 : hidden - 1;
      return end ? `***${maskSecrets(line.slice(end.index + end[0].length))}` : '***';
    }
    const last = line.slice(Math.max(0, line.lastIndexOf(BEGIN)));
    if (OPEN.test(last) && !END.test(last)) hidden = MAX_KEY_LINES;
    return maskSecrets(line);
  };
}
