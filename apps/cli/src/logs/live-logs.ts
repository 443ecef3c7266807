import type { Host, Io } from '@bench/core';
import { composeProject, type ComposeProjectOptions } from '@bench/deploy';
import type { LiveDeployment } from '@bench/results';

/** What a journalled record of containers holds that reading their logs needs. */
type ContainerRecord = Pick<ComposeProjectOptions, 'containers' | 'project'> & { hostDir: string };

/** Whether a deployment's log can be read where it is up, after the bench that made it has gone. */
export function hasContainers(live: LiveDeployment): boolean {
  const record = live.record as Partial<ContainerRecord> | null;
  return typeof record?.project === 'string' && typeof record.hostDir === 'string' && Array.isArray(record.containers?.docker);
}

/**
 * Logs of what a run left up, read on its host, from the beginning. Changes nothing there.
 * @throws BenchError when the host cannot be reached.
 */
export async function readLive(o: {
  live: LiveDeployment;
  /** Opens the machine that it is up on. */
  open: () => Promise<Host>;
  io: Io;
  follow: boolean;
  line: (label: string, text: string) => void;
}): Promise<void> {
  const { live, io } = o;
  const record = live.record as ContainerRecord;
  const host = await o.open();
  try {
    const project = composeProject({ host, containers: record.containers, project: record.project, dir: record.hostDir, io });
    // The balancer serves nothing of its own.
    const containers = (await project.ps()).filter(({ service }) => service !== 'balancer');
    await Promise.all(
      containers.map(async ({ name, service }) => {
        const label = containers.length === 1 ? live.deployment : `${live.deployment} ${service ?? name}`;
        for await (const { text } of project.logs(name, { follow: o.follow })) o.line(label, text);
      }),
    );
  } finally {
    await host.close();
  }
}
