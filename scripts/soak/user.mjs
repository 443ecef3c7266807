import { spawn } from 'node:child_process';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const BENCH = fileURLToPath(new URL('../../apps/cli/dist/bench.js', import.meta.url));
/** Two tasks without containers, so that there is something to be killed between. */
const recipe = (gpu) => `command:
  run: |
    sleep 1
    echo '{"done": 1}' > $task_dir/metrics.json
  result_files: [metrics.json]
  timeout: 1m
deploy: {gpu: ${gpu}, gpu_count: 1}
matrices: {cross: {part: [1, 2]}}
`;
/** What was started and has not ended. */
const children = new Set();

/** Ends what any user has started. */
export function endAll() {
  for (const child of children) child.kill('SIGKILL');
}

/**
 * Somebody with a state folder, a run folder and settings of their own.
 * @param {{ dir: string, cloud: { url: string, key: string }, gpu: string }} options the GPU that the recipe wants
 */
export async function newUser({ dir, cloud, gpu }) {
  const work = join(dir, 'work');
  const ledger = join(dir, 'state/bench/ledger');
  await mkdir(join(work, 'speed'), { recursive: true });
  await writeFile(join(work, 'speed/recipe.yaml'), recipe(gpu));
  await writeFile(
    join(work, 'bench.config.yaml'),
    `providers:\n  cloudrift:\n    base_url: ${cloud.url}\n    api_key: { from_env: SOAK_KEY }\n`,
  );

  /** The ledger, and the journal of the only run there is, as they are now. */
  const files = async () => {
    const runs = await readdir(join(work, 'runs')).catch(() => []);
    const paths = [['ledger', join(ledger, 'ledger.jsonl')], ...runs.map((run) => ['journal', join(work, 'runs', run, 'journal.jsonl')])];
    return Promise.all(paths.map(async ([name, path]) => [name, await readFile(path, 'utf8').catch(() => '')]));
  };

  return {
    /** Starts the command. `ended` resolves with the exit code, or the signal that ended it. */
    bench(args) {
      const env = {
        ...process.env,
        XDG_STATE_HOME: join(dir, 'state'),
        XDG_CONFIG_HOME: join(dir, 'config'),
        SOAK_KEY: cloud.key,
        NO_COLOR: '1',
      };
      const child = spawn(process.execPath, [BENCH, ...args], { cwd: work, env, stdio: ['ignore', 'pipe', 'pipe'] });
      children.add(child);
      let text = '';
      for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (text = (text + chunk).slice(-4000)));
      const ended = new Promise((resolve) => child.once('close', (code, signal) => resolve(code ?? signal)));
      let over = false;
      void ended.then(() => (over = children.delete(child)));
      return { ended, over: () => over, kill: () => child.kill('SIGKILL'), text: () => text };
    },
    /** Rents a machine and works on it. */
    run(...more) {
      return this.bench(['run', 'speed', '--on', 'cloudrift', '--yes', ...more]);
    },
    /** How much is written so far; cheap, as it is asked often. */
    async count() {
      return (await files()).reduce((sum, [, text]) => sum + text.split('\n').length - 1, 0);
    },
    /** Until so much is written, or the command is over. */
    async written(count, command) {
      while (!command.over() && (await this.count()) < count) await delay(50);
    },
    /** The last thing that was written: `journal: point_started`. */
    async last() {
      const events = (await files()).flatMap(([name, text]) => text.split('\n').flatMap((line) => eventOf(name, line)));
      return events.toSorted((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0)).at(-1)?.name ?? 'nothing written yet';
    },
    /** Whether a machine of this name is this user's. */
    async owns(name) {
      const owner = await readFile(join(ledger, 'owner'), 'utf8').catch(() => null);
      return owner !== null && name.startsWith(`bench-${owner.slice(0, 6)}-`);
    },
    forget: () => rm(dir, { recursive: true, force: true, maxRetries: 3 }),
  };
}

/** None of the last line that was cut off. */
function eventOf(name, line) {
  try {
    const { type, at } = JSON.parse(line);
    return [{ at: String(at), name: `${name}: ${type}` }];
  } catch {
    return [];
  }
}
