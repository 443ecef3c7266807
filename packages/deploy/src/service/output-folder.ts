import { Buffer } from 'node:buffer';

const BLOCK = 512;

/** A folder in a tar archive, owned by root. Fields by POSIX.1-1988 (ustar). */
function folderEntry(name: string, mode: number): Buffer {
  const header = Buffer.alloc(BLOCK);
  const field = (at: number, length: number, text: string) => header.write(text.padEnd(length, '\0'), at, length, 'latin1');
  const octal = (at: number, length: number, value: number) => field(at, length, `${value.toString(8).padStart(length - 1, '0')}\0`);
  field(0, 100, name);
  octal(100, 8, mode);
  octal(108, 8, 0);
  octal(116, 8, 0);
  octal(124, 12, 0);
  octal(136, 12, 0);
  field(148, 8, '        ');
  field(156, 1, '5');
  field(257, 6, 'ustar\0');
  field(263, 2, '00');
  const sum = header.reduce((total, byte) => total + byte, 0);
  field(148, 8, `${sum.toString(8).padStart(6, '0')}\0 `);
  return header;
}

/**
 * An archive with a client's empty output folder, in which any user of the container may write. In the container's own layer it needs
 * nothing of the host: no mount whose files belong to root, nothing to remove.
 */
export function outputArchive(): Buffer {
  return Buffer.concat([folderEntry('bench/', 0o755), folderEntry('bench/output/', 0o777), Buffer.alloc(2 * BLOCK)]);
}
