import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A new folder that only this user may enter, with a path short and plain enough for sockets (100 bytes) and ssh_config. */
export function makePrivateFolder(): Promise<string> {
  const base = tmpdir();
  return mkdtemp(join(/^[\w./-]{1,40}$/.test(base) ? base : '/tmp', 'bssh-'));
}
