export type { Command, ExecOptions, ExecResult, Execution, Host, OutputLine, RemoteProcess, Tunnel } from '@bench/core';
export { describeCommand } from './command-line.ts';
export { connect } from './connect.ts';
export { freePort } from './free-port.ts';
export { localHost, type LocalHostOptions } from './local-host.ts';
export { endGroup, groupAlive, signalGroup } from './process-group.ts';
export { parseSystemInfo, systemInfo } from './system-info.ts';
