import { unit } from '../../config/vitest.ts';

export default unit();
