export interface TestPart {
  name: string;
  /** What its tests show. */
  enables: string;
  present: boolean;
  /** Its program; undefined where it is absent or cannot be used. */
  path: string | undefined;
  /** Why `scripts/install-test-parts` cannot bring it to this machine; undefined where it can, or where the part is present. */
  impossible: string | undefined;
  /** The uniform reason to give for a skipped test; undefined where the part is present. */
  skipped: string | undefined;
}

export interface TestPartRow {
  /** Debian packages. */
  packages: string[];
  /** Names of its program, or absolute paths in which `*` stands for one whole name; the first found counts. */
  programs: string[];
  /** More programs, all of which must be there too. */
  with?: string[];
  /** Only root can use it. */
  root?: true;
  /** A command that succeeds where it can be used. It must leave nothing behind. */
  probe?: [string, ...string[]];
  /** Why `scripts/install-test-parts` cannot bring it to any machine, and who can. */
  byHand?: string;
  /** Environment variable that names the program instead. */
  override?: string;
  enables: string;
}

/** The table of the parts. */
export const PARTS: Record<string, TestPartRow>;

/**
 * Asks for a part by name. A test that needs it does
 *
 *     const chromium = part('chromium');
 *     it.skipIf(!chromium.present)('opens in a browser', …)
 *
 * and is then named, with the command that enables it, at the end of `npm test`.
 * @param env default: the process's
 * @throws when no part has that name
 */
export function part(name: string, env?: Record<string, string | undefined>): TestPart;

/** Folder of the real measurements that some tests read (`BENCH_TEST_DATA`, else `../shared/data`); empty when absent. */
export function testData(env?: Record<string, string | undefined>): string;
