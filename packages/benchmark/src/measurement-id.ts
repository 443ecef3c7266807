/**
 * Names one measurement on its host. Not the attempt: a bench that goes on after it was killed finds the client of the same point still
 * at work, and waits for it instead of sending the load twice.
 */
export function measurementId(o: { runId: string; deployment: string; key: string; point: number; repeat: number }): string {
  return [o.runId, o.deployment, o.key.slice(0, 8), `p${o.point}`, `r${o.repeat}`].join('-');
}
