/** What the fake has been asked to do, or did of itself. */
export interface FakeOperation {
  id: string;
  name: string;
  zone: string;
  operationType: string;
  target: string;
  targetId: string;
  insertedAt: number;
  /** By the fake's clock; infinity: not known yet. */
  doneAt: number;
  error: { code: string; message: string } | null;
  httpStatus: number;
}

export function shownOperation(operation: FakeOperation, o: { now: number; base: string; project: string }): Record<string, unknown> {
  const { id, name, zone, target, targetId, operationType, error } = operation;
  const done = o.now >= operation.doneAt;
  const zoneUrl = `${o.base}/projects/${o.project}/zones/${zone}`;
  return {
    kind: 'compute#operation',
    id,
    name,
    zone: zoneUrl,
    operationType,
    targetLink: `${zoneUrl}/instances/${target}`,
    targetId,
    status: done ? 'DONE' : 'RUNNING',
    progress: done ? 100 : 0,
    user: operationType.startsWith('compute.') ? 'system' : 'ada@example.org',
    insertTime: googleTime(operation.insertedAt),
    startTime: googleTime(operation.insertedAt),
    ...(done ? { endTime: googleTime(operation.doneAt) } : {}),
    ...(done && error !== null
      ? {
          error: { errors: [{ ...error, errorDetails: [] }] },
          httpErrorStatusCode: operation.httpStatus,
          httpErrorMessage: operation.httpStatus === 503 ? 'SERVICE UNAVAILABLE' : 'BAD REQUEST',
        }
      : {}),
    selfLink: `${zoneUrl}/operations/${name}`,
  };
}

/** RFC 3339 in the time of California, as the API writes it. */
export const googleTime = (ms: number): string => new Date(ms - 8 * 3_600_000).toISOString().replace('Z', '-08:00');
