import { describeCommand } from '@bench/host';

/** `bench teardown RUN`, from where the user is. */
export function teardownCommand(id: string, out: string): string {
  return `bench teardown ${id}${outFlag(out)}`;
}

/** The flag that finds the run again; nothing where it is the usual folder. */
export function outFlag(out: string): string {
  return out === 'runs' ? '' : ` ${describeCommand({ argv: ['--out', out] })}`;
}
