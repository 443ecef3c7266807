export { encodeOrder, ORDER_FILE, type LoadFileOrder } from './order.ts';
export { readProgressLine } from './progress-lines.ts';
export { ERROR_FILE, readResult, RESULT_FILE } from './result-files.ts';
export { standaloneFile } from './standalone-file.ts';
