// Real parts that some tests need and that npm cannot bring. Tests ask here whether a part is present,
// `scripts/install-test-parts` installs them, `scripts/test.mjs` names the skipped ones. As a program: one row a part.
import { accessSync, constants, existsSync, realpathSync } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const INSTALL = 'sudo scripts/install-test-parts';

/** The table. A new part is a new row: its Debian packages, where its program is found, and what it enables. */
export const PARTS = {
  chromium: {
    packages: ['chromium', 'fonts-liberation'],
    programs: ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome'],
    override: 'BENCH_TEST_CHROMIUM',
    enables: 'reports opened and photographed in a real browser',
  },
};

/** Path of the first of `programs` on the PATH. */
function findProgram(programs, env) {
  for (const program of programs) {
    for (const folder of (env.PATH ?? '').split(delimiter)) {
      const path = join(folder || '.', program);
      try {
        accessSync(path, constants.X_OK);
        return path;
      } catch {
        // not here
      }
    }
  }
  return undefined;
}

/** Why no part can be installed on this machine by `install-test-parts`, or undefined. */
function impossible(env) {
  if (process.platform !== 'linux' || !findProgram(['apt-get'], env)) return 'not a Debian system (no apt-get)';
  if (process.getuid?.() !== 0) return 'not root';
  return undefined;
}

/** See parts.d.mts. */
export function part(name, env = process.env) {
  const row = PARTS[name];
  if (!row) throw new Error(`no test part is called "${name}"; there are: ${Object.keys(PARTS).join(', ')}`);
  const named = row.override ? env[row.override] : undefined;
  const path = named ? (existsSync(named) ? named : undefined) : findProgram(row.programs, env);
  const install = path || !impossible(env) ? undefined : impossible(env);
  return {
    name,
    enables: row.enables,
    present: path !== undefined,
    path,
    impossible: install,
    skipped: path ? undefined : `no ${name} here; to enable: ${INSTALL}`,
  };
}

/** See parts.d.mts. */
export function testData(env = process.env) {
  const root = resolve(fileURLToPath(import.meta.url), '../..');
  const folder = env.BENCH_TEST_DATA ?? resolve(root, '../shared/data');
  return folder && existsSync(folder) ? realpathSync(folder) : '';
}

if (process.argv[1] && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  for (const name of Object.keys(PARTS)) {
    const { present, path, impossible: why, enables } = part(name);
    console.log(
      [name, present ? 'present' : why ? 'impossible' : 'missing', PARTS[name].packages.join(' '), path ?? why ?? '-', enables].join('\t'),
    );
  }
}
