import { parseDuration, parseSize } from '@bench/core';
import { z } from 'zod';

/** A duration: seconds as a number, or text such as `"90s"`, `"1h30m"`, `"01:30:00"`. Kept as written. */
export const durationSchema = z
  .union(
    [
      z.number().nonnegative(),
      z.string().refine((text) => parses(parseDuration, text), { error: 'not a duration: write "90s", "1.5m", "1h30m" or "01:30:00"' }),
    ],
    {
      error: 'expected a duration: seconds as a number, or text such as "90s"',
    },
  )
  .describe('Seconds as a number, or text such as "90s", "1h30m", "01:30:00".');

/** An amount of memory: bytes, or text such as `"16GiB"`. Kept as written. */
export const sizeSchema = z
  .union([z.int().nonnegative(), z.string().refine((text) => parses(parseSize, text), { error: 'not a size: write "16GiB" or "500MB"' })], {
    error: 'expected a size: bytes as a number, or text such as "16GiB"',
  })
  .describe('Bytes as a number, or text such as "16GiB".');

/** Names of secrets and variables. */
const variableName = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** A value of an environment variable. Numbers and booleans become text. `{from_env: NAME}` is a secret's name, never its value. */
export const envValueSchema = z.union(
  [
    z.string(),
    z.union([z.number(), z.boolean()]).transform(String),
    z.strictObject({ from_env: z.string().regex(variableName, { error: 'not the name of an environment variable' }) }),
  ],
  { error: 'expected text, a number, or {from_env: NAME}' },
);

/** `env`: names to values. */
export const envSchema = z
  .record(z.string().regex(variableName, { error: 'not the name of an environment variable' }), envValueSchema)
  .describe('Environment variables. {from_env: NAME} takes a secret from the environment of bench and never writes it down.');

/** Text such as a version, where YAML would read `12.10` as the number 12.1. */
export const versionSchema = z.union([z.string().min(1), z.int().transform(String)], {
  error: 'a version is text: put it in quotes, "12.4" (YAML reads 12.10 as the number 12.1)',
});

function parses(parser: (text: string) => number, text: string): boolean {
  try {
    parser(text);
    return true;
  } catch {
    return false;
  }
}
