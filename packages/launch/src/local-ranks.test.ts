import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { detectAllocation, launchContext, planLaunch, readLabel } from './index.ts';
import { paperSystem } from './testing/paper-system.ts';

/** A plan for this machine without MPI. */
function plan(ranks: number, command: string[], label = false) {
  const system = paperSystem();
  const request = { command, ranks, label };
  const allocation = detectAllocation(system);
  return planLaunch(request, allocation, launchContext(system, { id: 'l1', folder: '/nowhere', request, allocation }));
}

function run(ranks: number, script: string, options: { label?: boolean; input?: string } = {}) {
  const { argv, env } = plan(ranks, ['sh', '-c', script], options.label);
  const [file, ...args] = argv;
  return spawnSync(file, args, { encoding: 'utf8', env: { ...process.env, ...env }, input: options.input ?? '' });
}

describe('ranks on one machine without MPI', () => {
  it('start with the environment of ranks', () => {
    const { stdout, status } = run(3, 'echo "$RANK $LOCAL_RANK $WORLD_SIZE $LOCAL_WORLD_SIZE $NODE_RANK $MASTER_ADDR $BENCH_LAUNCH_ID"');
    expect(status).toBe(0);
    expect(stdout.trim().split('\n').sort()).toEqual(['0 0 3 3 0 127.0.0.1 l1', '1 1 3 3 0 127.0.0.1 l1', '2 2 3 3 0 127.0.0.1 l1']);
  });

  it('are labelled on request', () => {
    const { launcher } = plan(1, ['x']);
    const { stdout, stderr } = run(2, 'echo "out $RANK"; echo "err $RANK" >&2; printf last', { label: true });
    const lines = (text: string) =>
      text
        .trim()
        .split('\n')
        .map((line) => readLabel(launcher, line));
    expect(lines(stdout)).toEqual(
      expect.arrayContaining(
        [0, 1].flatMap((rank) => [
          { rank, text: `out ${rank}` },
          { rank, text: 'last' },
        ]),
      ),
    );
    expect(lines(stderr)).toEqual(expect.arrayContaining([0, 1].map((rank) => ({ rank, text: `err ${rank}` }))));
  });

  it('give their standard input to rank 0', () => {
    expect(run(2, 'read -r word; echo "$RANK:$word"', { input: 'hello\n' }).stdout.trim().split('\n').sort()).toEqual(['0:hello', '1:']);
  });

  it('end with the first that fails, and as it did', () => {
    expect(run(3, 'if [ "$RANK" = 1 ]; then exit 7; fi; exec sleep 600').status).toBe(7);
    expect(run(3, 'if [ "$RANK" = 1 ]; then kill -9 $$; fi; exec sleep 600').status).toBe(137);
    expect(run(2, 'exit 0').status).toBe(0);
  });

  it('end by a signal to the launcher', async () => {
    const { argv, env } = plan(2, ['sh', '-c', 'echo "$$"; exec sleep 600']);
    const [file, ...args] = argv;
    const child = spawn(file, args, { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'inherit'] });
    let text = '';
    for await (const chunk of child.stdout.setEncoding('utf8')) {
      text += chunk as string;
      if (text.trim().split('\n').length === 2 && text.endsWith('\n')) break;
    }
    const pids = text.trim().split('\n').map(Number);
    child.kill('SIGTERM');
    const [code] = (await once(child, 'exit')) as [number];
    expect(code).toBe(143);
    for (const pid of pids) expect(() => process.kill(pid, 0)).toThrow('ESRCH');
  });
});
