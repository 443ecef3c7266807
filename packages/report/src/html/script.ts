import { createHash } from 'node:crypto';
import { SCRIPT } from './client.generated.ts';

export { SCRIPT };

/** For the page's content security policy: this script and no other. */
export const SCRIPT_HASH = `sha256-${createHash('sha256').update(SCRIPT).digest('base64')}`;
