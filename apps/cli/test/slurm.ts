import { existsSync } from 'node:fs';
import { chmod, mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { readRun, type RunView } from '@bench/results';
import { type SlurmCluster, type SlurmOptions, startSlurm } from '@bench/test-machines';
import { part } from '../../../scripts/parts.mjs';
import { bench, folder, REPOSITORY, type Running, show } from './cli.ts';

/** What a cluster of tests takes and this machine lacks; undefined: nothing. */
export const missingOfSlurm = [part('slurm'), part('netns'), part('sshd')].find(({ present }) => !present);

/** A job in the queue of a cluster. */
export interface QueuedJob {
  id: string;
  name: string;
  state: string;
  /** Empty: none yet. */
  node: string;
}

export interface RecipeOptions {
  requests?: number;
  outputLen?: number;
  clients?: number;
  /** Lines of the `slurm` section. Default: one GPU. */
  slurm?: string;
  /** Default `cpu`. */
  clientPartition?: string;
  /** More of `slurm.clients`: `, mem: 1G`. */
  moreOfClients?: string;
  /** More sections of the recipe. */
  more?: string;
  /** Default `3, 6`. */
  concurrency?: string;
  /** The engine does not answer the load: what a test does first is done in mid-run, however fast the machine is. */
  hold?: Hold;
}

/** What keeps loads from going on. */
export interface Hold {
  /** They wait while this file is there, in the folder that all machines share. */
  path: string;
  /** So many of a load's requests are answered first, those of the warm-up too. */
  after: number;
  /** Resolves once a request waits; throws when the command is over before. */
  held(running: Running): Promise<void>;
  release(): Promise<void>;
}

/** A cluster as the built command sees it, by SSH to its login host. */
export interface ClusterSite {
  cluster: SlurmCluster;
  /** Folder of this machine for everything of the tests. */
  root: string;
  /** The ledger is in a folder of the tests' own. */
  env: Record<string, string>;
  /** `--on …` and what goes with it. */
  site: string[];
  /** `--config …` */
  config: string[];
  /** A recipe on the embedded engine, which each node finds in a folder that all share, and load clients; its folder. */
  recipe(name: string, options?: RecipeOptions): Promise<string>;
  /** For a recipe's `hold`; on from now. */
  hold(name: string, o?: { after?: number }): Promise<Hold>;
  /** Jobs of a run, the service's first; of all runs without one. */
  jobs(run?: string): Promise<QueuedJob[]>;
  /** What is left on the cluster of a run, and in the ledger; empty: nothing. */
  left(run: string, env?: Record<string, string>): Promise<string[]>;
  close(): Promise<void>;
}

export async function clusterSite(options: SlurmOptions & { settings?: string }): Promise<ClusterSite> {
  const { settings = '', ...slurm } = options;
  const cluster = await startSlurm({ share: [REPOSITORY], ...slurm });
  const root = await folder();
  const file = join(root, 'bench.config.yaml');
  const config = ['--config', file];
  const env = { XDG_STATE_HOME: join(root, 'state') };
  await writeFile(file, `providers: {slurm: {poll_interval_s: 1, prices_usd_per_gpu_hour: {gpu: 2}${settings}}}\n`);
  const programs = join(cluster.shared, 'bin');
  await mkdir(programs, { recursive: true });
  const engine = join(REPOSITORY, 'packages/embedded-engine/dist/bin.js');
  // What Slurm lets it see is the first thing in its log.
  const wrapper = `#!/bin/sh
echo "GPUs: $CUDA_VISIBLE_DEVICES" >&2
exec '${process.execPath}' \${BENCH_TEST_HOLD:+--import '${join(REPOSITORY, 'apps/cli/test/held-engine.mjs')}'} '${engine}' "$@"
`;
  await writeFile(join(programs, 'bench-embedded-engine'), wrapper);
  await chmod(join(programs, 'bench-embedded-engine'), 0o755);

  const jobs = async (run = '') => {
    const { stdout } = await cluster.run(['squeue', '--noheader', '--sort=i', '--format=%i|%j|%T|%N']);
    return stdout
      .split('\n')
      .filter((line) => line.includes(run) && line !== '')
      .map((line) => {
        const [id = '', name = '', state = '', node = ''] = line.split('|');
        return { id, name, state, node };
      });
  };
  return {
    cluster,
    root,
    env,
    config,
    jobs,
    site: ['--on', `slurm:${cluster.login.target}`, '--ssh-key', cluster.login.identityFile, ...config],
    async recipe(name, o = {}) {
      const dir = join(root, name);
      await mkdir(dir, { recursive: true });
      const outputLen = o.outputLen ?? 12;
      const hold = o.hold && `BENCH_TEST_HOLD=${o.hold.path} BENCH_TEST_HOLD_TOKENS=${outputLen} BENCH_TEST_HOLD_AFTER=${o.hold.after}`;
      const held = hold ? `, 'export ${hold}'` : '';
      await writeFile(
        join(dir, 'recipe.yaml'),
        `model: {random: tiny}
engine: {llm: {context_length: 512, max_concurrent_requests: 4, embedded: {}}}
benchmark: {random_input_len: 48, random_output_len: ${outputLen}, num_prompts: ${o.requests ?? 12}, warmup: 3, sweep: {max_concurrency: [${o.concurrency ?? '3, 6'}]}}
${o.more ?? ''}
slurm:
  runtime: none
  time: 10m
  ${o.slurm ?? 'gres: "gpu:a100:1"'}
  prelude: ['export PATH=${programs}:$PATH'${held}]
  clients: {count: ${o.clients ?? 3}, partition: ${o.clientPartition ?? 'cpu'}${o.moreOfClients ?? ''}}
`,
      );
      return dir;
    },
    async hold(name, { after = 0 } = {}) {
      const path = join(cluster.shared, `hold-${name}`);
      await writeFile(path, '');
      return {
        path,
        after,
        async held({ child, finished }) {
          while (!existsSync(`${path}.held`)) {
            if (child.exitCode !== null) throw new Error(`it was over before its load was held:\n${show(await finished)}`);
            await delay(50);
          }
        },
        release: () => rm(path, { force: true }),
      };
    },
    async left(run, of = env) {
      const { stdout } = await cluster.runAsUser(['sh', '-c', 'ls -d ~/bench/"$1" 2>/dev/null || true', 'sh', run]);
      const ledger = await bench(['ledger', '--json'], { env: of });
      if (ledger.code !== 0) throw new Error(show(ledger));
      const { machines } = JSON.parse(ledger.stdout) as { machines: { name: string; run: string }[] };
      return [
        ...(await jobs(run)).map(({ id, state }) => `job ${id} ${state}`),
        ...stdout.split('\n').filter((line) => line !== ''),
        ...machines.filter((entry) => entry.run === run).map(({ name }) => `${name} in the ledger`),
      ];
    },
    async close() {
      await cluster.close();
      await rm(root, { recursive: true, force: true });
    },
  };
}

/** The one run of a folder of runs. */
export async function onlyRun(out: string): Promise<{ id: string; view: RunView }> {
  const [id] = (await readdir(out)).filter((name) => !name.startsWith('.'));
  if (id === undefined) throw new Error(`no run in ${out}`);
  return { id, view: await readRun(join(out, id)) };
}

/** Every path of keys in a value with the kind of what is there: `points[].error null`. */
export function shapeOf(value: unknown, path = ''): string[] {
  if (Array.isArray(value)) return [...new Set([`${path} array`, ...value.flatMap((item) => shapeOf(item, `${path}[]`))])].sort();
  if (value === null || typeof value !== 'object') return [`${path} ${value === null ? 'null' : typeof value}`];
  return Object.entries(value)
    .flatMap(([key, item]) => shapeOf(item, path === '' ? key : `${path}.${key}`))
    .sort();
}
