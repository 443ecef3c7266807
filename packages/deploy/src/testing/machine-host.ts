import { createIo, type Host } from '@bench/core';
import { sshHost } from '@bench/host';
import type { Machine } from '@bench/test-machines';

/** A test machine as a host, by SSH with its own key. */
export function machineHost(machine: Machine): Promise<Host> {
  return sshHost(machine.name, {
    io: createIo(),
    name: machine.name,
    configFile: machine.sshConfigFile,
    agentSocket: null,
    hostKeys: { kind: 'user' },
  });
}
