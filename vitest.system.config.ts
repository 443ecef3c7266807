import { system } from './config/vitest.ts';

export default system();
