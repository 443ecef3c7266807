/** What a server sent is no HTTP/1.1. `code` is `HPE_ANSWER`, after the HTTP parsers' own. */
export function badAnswer(what: string): Error {
  return Object.assign(new Error(`the answer is no HTTP/1.1: ${what}`), { code: 'HPE_ANSWER' });
}
