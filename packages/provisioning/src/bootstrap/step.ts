/** A constant script and the data it works on. It gets the data as arguments and is never put together from it. */
export interface Script {
  script: string;
  args: readonly string[];
}

/**
 * One thing that a machine must have. `check` and `verify` end with 0 when it is there and with 1 when it is not; any other code means
 * that it cannot be had, with the reason as the last line of stderr. `apply` may be run again at any time.
 */
export interface BootstrapStep {
  name: string;
  /** What it brings, for people: `NVIDIA driver 570`. */
  title: string;
  check: Script;
  /** Null: bench does not do this; `manual` says what a person must do. */
  apply: Script | null;
  manual?: string;
  verify: Script;
  /** Ends what uses Docker or the GPUs: not done while containers or programs on GPUs run. */
  disruptive: boolean;
  /** What was installed may work only after the machine has restarted. */
  mayReboot: boolean;
}
