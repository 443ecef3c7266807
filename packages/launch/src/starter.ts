import { fileURLToPath } from 'node:url';

/** Path of the program that starts ranks on this machine without MPI. It lies beside `src` and `dist`. */
export const localStarter = (): string => fileURLToPath(new URL('../programs/local-ranks.mjs', import.meta.url));
