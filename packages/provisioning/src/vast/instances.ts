import { z } from 'zod';
import { providerError } from '../contract/error.ts';
import { parseMachineName } from '../contract/name.ts';
import { nextPage } from '../core/next-page.ts';
import type { Api } from './api.ts';
import { PROVIDER, readFault } from './explain.ts';
import { type Instance, instanceSchema } from './instance.ts';

/** The most that a page may hold. */
const PAGE = 25;

/** `success: false` with status 200 is a failure like any other: an empty list, or no instance, it is not. */
const succeeded = z
  .boolean()
  .nullish()
  .refine((success) => success !== false, 'the call failed');
const pageSchema = z.object({ success: succeeded, instances: z.array(z.unknown()), next_token: z.string().nullish() });
/** Only a null that stands there says that there is none. */
const oneSchema = z.object({ success: succeeded, instances: z.union([z.null(), z.looseObject({})]) });

const labelSchema = z.object({ label: z.string() });

/** The account's instances, page by page; of one label only, when given. */
export async function* listInstances(api: Api, o: { label?: string; signal?: AbortSignal | undefined } = {}): AsyncIterable<Instance> {
  let token: string | null = null;
  do {
    const query = new URLSearchParams({
      limit: String(PAGE),
      order_by: '[{"col":"id","dir":"asc"}]',
      select_filters: JSON.stringify(o.label === undefined ? {} : { label: { eq: o.label } }),
      ...(token === null ? {} : { after_token: token }),
    });
    const answer = await api.call({ kind: 'list', method: 'GET', path: `/api/v1/instances/?${query.toString()}`, signal: o.signal });
    const page: z.output<typeof pageSchema> = read(pageSchema, answer.json(), 'list');
    for (const raw of page.instances) if (!isOdd(raw)) yield read(instanceSchema, raw, 'list');
    token = nextPage(page.next_token, { before: token, provider: PROVIDER });
  } while (token !== null);
}

/** It cannot be read, and by its label it is not of bench: machines of bench are not lost for it. */
function isOdd(raw: unknown): boolean {
  const label = labelSchema.safeParse(raw).data?.label;
  return label !== undefined && parseMachineName(label) === null && !instanceSchema.safeParse(raw).success;
}

/** One instance; null: it does not exist. @throws BenchError of kind `transient` when the answer does not say so in so many words */
export async function showInstance(api: Api, id: string, signal?: AbortSignal): Promise<Instance | null> {
  const answer = await api.call({
    kind: 'show',
    method: 'GET',
    path: `/api/v0/instances/${encodeURIComponent(id)}/`,
    accept: (status) => (status >= 200 && status < 300) || status === 404,
    signal,
  });
  if (answer.status === 404 || readFault(answer.text).error === 'no_such_instance') return null;
  const { instances } = read(oneSchema, answer.json(), 'show');
  return instances === null ? null : read(instanceSchema, instances, 'show');
}

/** @throws BenchError of kind `transient` for an answer of another shape: nothing may be concluded from it. */
export function read<S extends z.ZodType>(schema: S, value: unknown, op: string): z.output<S> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw providerError({
    kind: 'transient',
    provider: PROVIDER,
    op,
    message: `the answer to ${op} cannot be read`,
    providerMessage: parsed.error.issues
      .map(({ path, message }) => `${path.join('.')}: ${message}`)
      .join('; ')
      .slice(0, 200),
  });
}
