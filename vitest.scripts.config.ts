import { scripts } from './config/vitest.ts';

export default scripts();
