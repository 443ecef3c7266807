/** What the fake can be told to do by name. */
export const MISBEHAVIOURS = {
  intervals: 'keeps to the documented least times between calls: 429 in plain text, without Retry-After, and a penalty after creates',
  taken: 'one create in four finds that the offer was taken a moment ago (410)',
  'error-with-machine': 'one create in six fails and leaves a stopped instance that bills its disk; one bid in three',
  oci: 'one container in six cannot be started: its message says so',
  'null-status': 'instances have no status for longer',
  'late-ports': 'instances run long before their ports are told',
  'late-logs': 'a log is asked for several times until it is there',
} as const;
export type Misbehaviour = keyof typeof MISBEHAVIOURS;
