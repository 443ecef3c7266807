/** The exit codes of `bench`, a documented interface. */
export const EXIT = {
  ok: 0,
  /** Some task failed. */
  taskFailed: 1,
  /** Usage, recipe or settings. */
  usage: 2,
  /** A missing part, or an unfit host. */
  missingPart: 3,
  /** Credentials, quota, capacity, price limit. */
  provider: 4,
  /** Nothing could be measured. */
  nothingMeasured: 5,
  /** Clean-up is incomplete and money may run; wins over all others. */
  cleanupIncomplete: 6,
  /** A gate failed. */
  gate: 7,
  /** `--strict` objected to a measurement. */
  strict: 8,
  /** A watchdog ended the program. */
  watchdog: 124,
  /** Interrupted, and clean. */
  interrupted: 130,
} as const;
