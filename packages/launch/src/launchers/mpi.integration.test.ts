import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createIo, processStart } from '@bench/core';
import { hostfileMachines, pbsEnvironment, type HostfileMachines } from '@bench/test-machines';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { part } from '../../../../scripts/parts.mjs';
import {
  detectAllocation,
  launchContext,
  planLaunch,
  readLabel,
  realSystem,
  runPlan,
  type LaunchPlan,
  type LaunchRequest,
  type System,
} from '../index.ts';
import { NASTY, printRank, printWords, runPlanned, wordsPrinted } from '../testing/run-plan.ts';

const MPIS = [
  { name: 'Open MPI', part: part('openmpi'), launcher: 'mpirun.openmpi', flavour: 'openmpi' },
  { name: 'MPICH', part: part('mpich'), launcher: 'mpiexec.hydra', flavour: 'mpich' },
];
const unreachable = [part('netns'), part('sshd')].find(({ present }) => !present);

interface Place {
  folder: string;
  env?: Record<string, string>;
  system?: Partial<System>;
  cwd?: string;
}

/** The launch's own folder is below `folder`. */
function planned(asked: LaunchRequest, { folder, env, system: parts }: Place): LaunchPlan {
  const system = { ...realSystem({ ...process.env, ...env }), ...parts };
  const allocation = detectAllocation(system, { hostfile: asked.hostfile, machine: 'none' });
  return planLaunch(
    asked,
    allocation,
    launchContext(system, { id: 'launch1', folder: join(folder, 'launch1'), request: asked, allocation }),
  );
}

function launch(asked: LaunchRequest, place: Place) {
  const plan = planned(asked, place);
  return { plan, result: runPlanned(plan, { env: place.env ?? {}, ...(place.cwd === undefined ? {} : { cwd: place.cwd }) }) };
}

describe.each(MPIS)('$name', ({ part: mpi, launcher, flavour }) => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'bench-mpi-'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  describe.skipIf(!mpi.present)(`on this machine${mpi.present ? '' : ` (${mpi.skipped})`}`, () => {
    it('is known, and found without being named', () => {
      expect(launch({ command: ['true'], launcher }, { folder }).plan.launcher).toMatchObject({
        flavour,
        version: expect.stringMatching(/^\d/) as string,
      });
      const { plan, result } = launch({ command: ['true'], mpi: flavour }, { folder });
      expect([plan.launcher.flavour, result.status]).toEqual([flavour, 0]);
    });

    it('gives every rank its place', () => {
      // As in the script of a Slurm job, whose variables are not the ranks'.
      const { plan, result } = launch(
        { command: printRank, launcher, ranks: 4 },
        { folder, env: { SLURM_PROCID: '0', SLURM_LOCALID: '0', RANK: '9' } },
      );
      expect(result).toMatchObject({ status: 0, stderr: '' });
      const host = realSystem({}).hostname;
      expect(result.lines).toEqual([0, 1, 2, 3].map((rank) => `${rank} ${rank} 4 4 0 127.0.0.1:${plan.master.port} launch1 ${host}`));
    });

    it('keeps the words of the command', () => {
      expect(launch({ command: printWords(NASTY), launcher, ranks: 1 }, { folder }).result.stdout).toBe(wordsPrinted(NASTY));
    });

    it('labels lines so that they are read back', () => {
      const { plan, result } = launch({ command: ['sh', '-c', 'echo "out $RANK"'], launcher, ranks: 3, label: true }, { folder });
      const read = result.lines.map((line) => readLabel(plan.launcher, line)).sort((a, b) => (a?.rank ?? -1) - (b?.rank ?? -1));
      expect(read).toEqual([0, 1, 2].map((rank) => ({ rank, text: `out ${rank}` })));
    });

    it.each([
      ['exit 42', 42],
      ['kill -9 $$', 137],
    ])('ends when one rank fails, as it did: %s', async (end, code) => {
      const command = ['sh', '-c', `if [ "$RANK" = 1 ]; then ${end}; fi; exec sleep 600`];
      const plan = planned({ command, launcher, ranks: 3 }, { folder });
      const io = createIo();
      expect(await runPlan(plan, { io, signal: io.signal })).toMatchObject({ code, end: 'exited' });
    });

    it('ends all ranks when the user wants it', async () => {
      const seen = join(folder, 'interrupted');
      mkdirSync(seen);
      const script = `trap 'touch "${seen}/told-$RANK"; exit 0' TERM; echo $$ > "${seen}/pid-$RANK"; while :; do sleep 0.1; done`;
      const plan = planned({ command: ['sh', '-c', script], launcher, ranks: 2 }, { folder });
      const wanted = new AbortController();
      const ended = runPlan(plan, { io: createIo(), signal: wanted.signal });
      const pids = [0, 1].map((rank) => join(seen, `pid-${rank}`));
      await vi.waitUntil(() => pids.every((path) => existsSync(path) && readFileSync(path, 'utf8').endsWith('\n')), { timeout: 30_000 });
      wanted.abort();
      expect(await ended).toMatchObject({ code: 130, end: 'interrupted' });
      // Open MPI itself gives them a second or less.
      if (flavour === 'mpich') expect(readdirSync(seen)).toEqual(expect.arrayContaining(['told-0', 'told-1']));
      // Where nobody takes the exit code of a rank whose launcher is gone, its process stays, but it is over.
      expect(pids.map((path) => processStart(Number(readFileSync(path, 'utf8'))))).toEqual([null, null]);
    });

    it('binds when it is asked to', () => {
      const cpus = ['sh', '-c', 'taskset -cp $$'];
      const { result } = launch({ command: cpus, launcher, ranks: 1, cpuBind: 'core' }, { folder });
      expect(result.stdout).toMatch(/list: \d+$/m);
    });

    it('says what does not fit when it is taken for another', () => {
      const { result } = launch({ command: printRank, launcher, mpi: flavour === 'mpich' ? 'openmpi' : 'mpich', ranks: 2 }, { folder });
      expect(result.status).not.toBe(0);
      expect(result.stdout).not.toContain('launch1');
    });
  });

  const absent = !mpi.present || unreachable !== undefined;
  describe.skipIf(absent)(`over SSH by hostfile${absent ? ` (${mpi.skipped ?? unreachable?.skipped})` : ''}`, () => {
    let group: HostfileMachines;
    beforeAll(async () => {
      group = await hostfileMachines(2);
    });
    afterAll(() => group?.close());

    const expected = (names: readonly string[], port: number) =>
      [0, 1, 2, 3].map((rank) => `${rank} ${rank % 2} 4 2 ${Math.floor(rank / 2)} ${names[0]}:${port} launch1 node${Math.floor(rank / 2)}`);

    it.each(['names', 'addresses'] as const)('gives every rank its place, by %s', (by) => {
      const hostfile = join(group.shared, `hosts-${by}`);
      writeFileSync(hostfile, `${group[by].join('\n')}\n`);
      const { plan, result } = launch(
        { command: printRank, launcher, ranksPerNode: 2, hostfile },
        { folder: group.shared, env: group.env, cwd: group.shared },
      );
      expect(result, result.stderr).toMatchObject({ status: 0 });
      expect(result.lines).toEqual(expected(group[by], plan.master.port));
    });

    it('keeps words, passes variables on by name, and starts nodes in the order of the file', () => {
      const hostfile = join(group.shared, 'hosts-turned');
      writeFileSync(hostfile, `${group.names[1]} slots=1\n${group.names[0]} slots=1\n`);
      const command = [
        'sh',
        '-c',
        'printf "%s " "$RANK" "$(hostname)" "$SECRET"; for word; do printf "<%s>" "$word"; done; echo',
        'sh',
        'a b',
        '$HOME',
        "it's",
      ];
      const env = { SECRET: 'not in arguments' };
      const { plan, result } = launch({ command, launcher, hostfile, env }, { folder: group.shared, env: group.env, cwd: group.shared });
      expect(plan.argv.join(' ')).not.toContain(env.SECRET);
      expect(result.lines).toEqual([`0 node1 not in arguments <a b><$HOME><it's>`, `1 node0 not in arguments <a b><$HOME><it's>`]);
    });

    it('starts the ranks of a PBS job as PBS describes it', () => {
      const job = pbsEnvironment({ folder: join(group.shared, `pbs-${flavour}`), nodes: group.names, slotsPerNode: 2 });
      const { plan, result } = launch(
        { command: printRank, launcher },
        { folder: group.shared, env: { ...group.env, ...job.env }, system: { hostname: 'node0' }, cwd: group.shared },
      );
      expect(plan.allocation).toMatchObject({ scheduler: 'pbs', jobId: '1234', nodes: ['node0', 'node1'], slotsPerNode: 2 });
      expect(result, result.stderr).toMatchObject({ status: 0 });
      expect(result.lines).toEqual(expected(group.names, plan.master.port));
    });
  });
});
