import type { FakeContainers } from '@bench/provisioning/testing';
import type { Machine } from '@bench/test-machines';

/** Containers of a fake provider that are real ones, on a test machine. */
export function dockerContainers(machine: Pick<Machine, 'docker' | 'address'>): FakeContainers {
  const names = new Set<string>();
  const docker = async (...args: [string, ...string[]]) => {
    const { code, stdout, stderr } = await machine.docker(args);
    if (code !== 0) throw new Error(stderr.trim());
    return stdout;
  };
  return {
    start: async ({ id, image, entrypoint, args, env, ports }) => {
      const name = `rented-${id}`;
      names.add(name);
      await docker(
        'run',
        '--detach',
        '--pull',
        'never',
        '--name',
        name,
        ...ports.flatMap((port) => ['--publish', `0.0.0.0::${port}`]),
        ...Object.entries(env).flatMap(([key, value]) => ['--env', `${key}=${value}`]),
        ...(entrypoint === null ? [] : ['--entrypoint', entrypoint]),
        image,
        ...args,
      );
      const published = new Map<number, number>();
      for (const port of ports) {
        // One that has ended already has none.
        const told = await docker('port', name, String(port)).catch(() => '');
        const outside = Number(/:(\d+)\s*$/m.exec(told)?.[1]);
        if (outside > 0) published.set(port, outside);
      }
      let log = '';
      let code: number | null = null;
      let ended = false;
      const look = async () => {
        while (!ended) {
          const { stdout, stderr } = await machine.docker(['logs', name]);
          log = stdout + stderr;
          const state = await machine.docker(['inspect', '--format', '{{.State.Running}} {{.State.ExitCode}}', name]);
          const [running, exit] = state.stdout.trim().split(' ');
          code = running === 'false' ? Number(exit) : null;
          await new Promise((resolve) => setTimeout(resolve, 100));
        }
      };
      const looking = look().catch(() => undefined);
      return {
        host: machine.address,
        ports: published,
        log: () => log,
        exitCode: () => code,
        end: async () => {
          ended = true;
          await looking;
          await machine.docker(['rm', '--force', '--volumes', name]);
          names.delete(name);
        },
      };
    },
    close: async () => {
      for (const name of names) await machine.docker(['rm', '--force', '--volumes', name]);
    },
  };
}
