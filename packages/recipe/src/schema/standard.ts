import type { StandardSchemaLike } from '@bench/core';
import { z } from 'zod';

/** A zod schema as it is; any other Standard Schema behind a check that reports its issues. */
export function schemaToZod(schema: StandardSchemaLike): z.ZodType {
  if ('_zod' in schema) return schema as unknown as z.ZodType;
  return z.unknown().transform((value, context) => {
    const result = schema['~standard'].validate(value);
    if (result instanceof Promise) {
      context.addIssue({ code: 'custom', message: 'the schema of this section answers later, and files are checked at once' });
      return z.NEVER;
    }
    if (!result.issues) return result.value;
    for (const issue of result.issues) {
      const path = (issue.path ?? []).map((p) => (typeof p === 'object' ? p.key : p));
      context.addIssue({ code: 'custom', message: issue.message, path: path.map((p) => (typeof p === 'symbol' ? String(p) : p)) });
    }
    return z.NEVER;
  });
}
