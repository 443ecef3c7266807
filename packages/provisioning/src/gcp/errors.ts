import type { BenchError, ErrorScope } from '@bench/core';
import { z } from 'zod';
import { providerError, type ProviderErrorKind } from '../contract/error.ts';
import type { ProviderAnswer } from '../contract/provider.ts';

/** What one of Google's error codes means for failover. */
export interface Meaning {
  kind: ProviderErrorKind;
  scope?: ErrorScope;
  hint?: string;
}

const QUOTA_PAGE = 'https://console.cloud.google.com/iam-admin/quotas';
const capacity = (scope: ErrorScope): Meaning => ({ kind: 'capacity', scope });
const quota = (scope: ErrorScope): Meaning => ({ kind: 'quota', scope, hint: `ask for more at ${QUOTA_PAGE}` });
const RATE: Meaning = { kind: 'rate-limit' };
const ROLE: Meaning = {
  kind: 'auth',
  scope: 'provider',
  hint: 'the account needs the role roles/compute.instanceAdmin.v1 in the project',
};
const CODES: Readonly<Record<string, Meaning>> = {
  ZONE_RESOURCE_POOL_EXHAUSTED: capacity('zone'),
  ZONE_RESOURCE_POOL_EXHAUSTED_WITH_DETAILS: capacity('zone'),
  RESOURCE_POOL_EXHAUSTED: capacity('zone'),
  STOCKOUT: capacity('zone'),
  GPU_STOCKOUT: capacity('zone'),
  insufficientCapacity: capacity('zone'),
  // Preempted while it started.
  UNSUPPORTED_OPERATION: capacity('zone'),
  RESOURCE_NOT_READY: capacity('zone'),
  REGION_RESOURCE_POOL_EXHAUSTED: capacity('region'),
  QUOTA_EXCEEDED: quota('region'),
  quotaExceeded: quota('region'),
  IAM_PERMISSION_DENIED: ROLE,
  PERMISSION_DENIED: ROLE,
  forbidden: ROLE,
  required: ROLE,
  VPC_NOT_FOUND: { kind: 'auth', scope: 'provider', hint: 'set providers.gcp.network to a network of the project' },
  accessNotConfigured: { kind: 'auth', scope: 'provider', hint: 'gcloud services enable compute.googleapis.com' },
  SERVICE_DISABLED: { kind: 'auth', scope: 'provider', hint: 'gcloud services enable compute.googleapis.com' },
  BILLING_DISABLED: { kind: 'balance', scope: 'provider', hint: 'turn billing on for the project' },
  rateLimitExceeded: RATE,
  userRateLimitExceeded: RATE,
  RATE_LIMIT_EXCEEDED: RATE,
  RESOURCE_OPERATION_RATE_EXCEEDED: RATE,
};
const OS_LOGIN: Meaning = {
  kind: 'request',
  hint: 'the organisation’s policy constraints/compute.requireOsLogin forbids keys in metadata: have this project excepted from it',
};
const EXTERNAL_IP: Meaning = {
  kind: 'request',
  hint: 'the organisation’s policy constraints/compute.vmExternalIpAccess forbids addresses that SSH could reach: have this project excepted from it',
};

/** What an error of Google's means, by the first of its codes that is known, and by its words where they tell more. Null: not known. */
export function meaningOf(codes: readonly string[], message: string): Meaning | null {
  if (/constraints\/compute\.requireOsLogin/.test(message)) return OS_LOGIN;
  if (/constraints\/compute\.vmExternalIpAccess/.test(message)) return EXTERNAL_IP;
  const meaning = codes.map((code) => CODES[code]).find((found) => found !== undefined);
  if (meaning === undefined) return /GPUS_ALL_REGIONS/.test(message) && /quota/i.test(message) ? quota('provider') : null;
  return meaning.kind === 'quota' && /GPUS_ALL_REGIONS/.test(message) ? { ...meaning, scope: 'provider' } : meaning;
}

const errorBody = z.object({
  error: z.object({
    code: z.number().optional(),
    message: z.string().optional(),
    status: z.string().optional(),
    errors: z.array(z.object({ reason: z.string().optional(), message: z.string().optional() })).optional(),
    details: z.array(z.object({ reason: z.string().optional() })).optional(),
  }),
});

/** The codes and the words of an answer that is an error; empty when it has no body of Google's. */
export function wordsOfAnswer(answer: Pick<ProviderAnswer, 'text'>): { codes: string[]; message: string } {
  try {
    const { error } = errorBody.parse(JSON.parse(answer.text));
    const codes = [...(error.errors ?? []), ...(error.details ?? [])].flatMap((e) => e.reason ?? []);
    return { codes: [...codes, ...(error.status === undefined ? [] : [error.status])], message: error.message ?? '' };
  } catch {
    return { codes: [], message: '' };
  }
}

/** The error that an answer means; undefined: its status says it all. */
export function explain(op: string, answer: ProviderAnswer, redact: (text: string) => string): BenchError | undefined {
  const { codes, message } = wordsOfAnswer(answer);
  const meaning: Meaning | null =
    answer.status === 401
      ? { kind: 'auth', scope: 'provider', hint: 'gcloud auth application-default login' }
      : (meaningOf(codes, message) ?? (answer.status === 403 ? ROLE : null));
  // A number of "too busy" that has no code is what its status says. What has one was refused, and says so.
  if (meaning === null || (answer.status >= 500 && meaning.kind === 'auth')) return undefined;
  return providerError({
    ...meaning,
    certain: answer.status >= 500 && codes.some((code) => CODES[code] !== undefined),
    provider: 'gcp',
    op,
    message: `${op} was refused`,
    providerMessage: redact(`${codes[0] === undefined ? '' : `${codes[0]}: `}${message}`).slice(0, 500),
    httpStatus: answer.status,
  });
}
