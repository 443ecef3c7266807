import { z } from 'zod';

/** What is read of the API's answers; the rest is left alone. Numbers of 64 bits are text there. */
const strings = z.record(z.string(), z.string());

export const instanceSchema = z.object({
  id: z.string().optional(),
  name: z.string(),
  zone: z.string(),
  machineType: z.string().optional(),
  status: z.string(),
  statusMessage: z.string().optional(),
  creationTimestamp: z.string().optional(),
  labels: strings.optional(),
  networkInterfaces: z.array(z.object({ accessConfigs: z.array(z.object({ natIP: z.string().optional() })).optional() })).optional(),
  guestAccelerators: z.array(z.object({ acceleratorType: z.string(), acceleratorCount: z.number() })).optional(),
  scheduling: z.object({ provisioningModel: z.string().optional(), preemptible: z.boolean().optional() }).optional(),
});
export type GcpInstance = z.infer<typeof instanceSchema>;

export const operationSchema = z.object({
  name: z.string(),
  status: z.string(),
  operationType: z.string().optional(),
  targetLink: z.string().optional(),
  targetId: z.string().optional(),
  zone: z.string().optional(),
  insertTime: z.string().optional(),
  httpErrorStatusCode: z.number().optional(),
  httpErrorMessage: z.string().optional(),
  error: z.object({ errors: z.array(z.object({ code: z.string(), message: z.string().optional() })).optional() }).optional(),
});
export type GcpOperation = z.infer<typeof operationSchema>;

/** Every list says what it is (`compute#instanceList`), and one that is empty nothing else: without it, an answer is no empty list. */
const kind = z.string();
const warning = z.object({ code: z.string().optional(), message: z.string().optional() });

/** A page of an aggregated list: by scope (`zones/us-central1-a`), each with its items under `key` or a warning that it has none. */
export function aggregatedSchema(key: string, item: z.ZodType) {
  return z.object({
    kind,
    items: z.record(z.string(), z.object({ [key]: z.array(item).optional(), warning: warning.optional() })).optional(),
    nextPageToken: z.string().optional(),
    unreachables: z.array(z.string()).optional(),
    warning: warning.optional(),
  });
}

export function listSchema<T extends z.ZodType>(item: T) {
  return z.object({ kind, items: z.array(item).optional(), nextPageToken: z.string().optional(), warning: warning.optional() });
}

export const machineTypeSchema = z.object({
  name: z.string(),
  zone: z.string().optional(),
  guestCpus: z.number().optional(),
  memoryMb: z.number().optional(),
});
export const acceleratorTypeSchema = z.object({ name: z.string(), zone: z.string().optional() });

export const quotaSchema = z.object({ metric: z.string(), limit: z.number(), usage: z.number() });
export const regionSchema = z.object({ name: z.string(), quotas: z.array(quotaSchema).optional(), zones: z.array(z.string()).optional() });
export type GcpRegion = z.infer<typeof regionSchema>;

export const projectSchema = z.object({
  name: z.string(),
  quotas: z.array(quotaSchema).optional(),
  commonInstanceMetadata: z.object({ items: z.array(z.object({ key: z.string(), value: z.string().optional() })).optional() }).optional(),
});

export const firewallSchema = z.object({
  name: z.string(),
  network: z.string().optional(),
  direction: z.string().optional(),
  disabled: z.boolean().optional(),
  sourceRanges: z.array(z.string()).optional(),
  targetTags: z.array(z.string()).optional(),
  allowed: z.array(z.object({ IPProtocol: z.string(), ports: z.array(z.string()).optional() })).optional(),
});

export const serialPortSchema = z.object({ contents: z.string().optional(), next: z.string().optional(), start: z.string().optional() });

/** The last part of a resource's URL: its name. */
export const lastPart = (url: string): string => url.slice(url.lastIndexOf('/') + 1);
