import { z } from 'zod';
import { durationSchema, envSchema, sizeSchema } from './values.ts';

const SAFE_NAME = /^[a-z]([a-z0-9-]{0,30}[a-z0-9])?$/;

const commandLine = z
  .union([z.string().min(1), z.array(z.string()).min(1)], { error: 'expected a shell script, or a list of arguments' })
  .describe('A list is run as it is; text is a script for sh in the container.');

const port = z.int().min(1).max(65_535);

/** A folder or volume of a container. `source: null` is an empty folder that lives as long as the container. */
const volumeSchema = z
  .union(
    [
      z.string().transform((text, context) => {
        const match = /^(?:([^:]+):)?(\/[^:]*)(?::(ro|rw))?$/.exec(text);
        if (match) return { source: match[1] ?? null, target: match[2] as string, read_only: match[3] === 'ro' };
        context.addIssue({
          code: 'custom',
          message: `"${text}" is not a volume: write "source:/target", "source:/target:ro" or "/target"`,
        });
        return z.NEVER;
      }),
      z.strictObject({
        source: z.string().min(1).nullable().default(null),
        target: z.string().startsWith('/'),
        read_only: z.boolean().default(false),
      }),
    ],
    { error: 'expected "source:/target[:ro]", or {source, target, read_only}' },
  )
  .describe('"source:/target[:ro]": a folder of the host, relative to the recipe; "/target": an empty folder.');

const readySchema = z
  .union(
    [
      z.strictObject({
        http: z.string().startsWith('/').describe('Path that answers 2xx.'),
        timeout: durationSchema.default(300),
        interval: durationSchema.default(1),
      }),
      z.strictObject({
        tcp: z.union([z.literal(true), port]).describe('true: the service’s port.'),
        timeout: durationSchema.default(300),
        interval: durationSchema.default(1),
      }),
      z.strictObject({ log: z.string().min(1).describe('Text that a line of the log holds.'), timeout: durationSchema.default(300) }),
    ],
    { error: 'expected one of {http: /path}, {tcp: true} and {log: "text"}' },
  )
  .describe('When the service is ready. Default: its port answers.');

const resourcesSchema = z
  .strictObject({
    cpus: z.number().positive().optional(),
    memory: sizeSchema.optional(),
    gpus: z.int().min(0).optional().describe('GPUs of the container. Default: deploy.gpu_count when deploy.gpu is given, else 0.'),
    shm_size: sizeSchema.optional().describe('Shared memory.'),
  })
  .describe('What the container may use: limits on Docker, the job’s request on Slurm.');

const settingValue = z.union([z.string(), z.number(), z.boolean()], { error: 'expected text, a number, true or false' });
const settings = z.record(z.string(), settingValue).default({}).describe('Settings of the preset.');

/** `service`: one container that serves. */
export const serviceSchema = z.strictObject({
  preset: z
    .string()
    .min(1)
    .optional()
    .describe('A known kind of service; gives image, command, port, env and ready where the recipe does not.'),
  settings,
  name: z
    .string()
    .regex(SAFE_NAME, { error: 'a name is lower-case letters, digits and dashes' })
    .optional()
    .describe('Host name the clients reach it by. Default: service.'),
  image: z.string().min(1).optional(),
  command: commandLine.optional(),
  port: port.optional().describe('Port the service listens on, inside the container.'),
  env: envSchema.default({}),
  volumes: z.array(volumeSchema).default([]),
  ready: readySchema.optional(),
  resources: resourcesSchema.default({}),
  prepare: z.string().min(1).optional().describe('Shell script run in the container once it is ready, before the clients.'),
});
export type ServiceSection = z.output<typeof serviceSchema>;

/** One kind of client of a service. */
export const clientSchema = z.strictObject({
  preset: z.string().min(1).optional().describe('A known kind of client; gives image and command.'),
  settings,
  image: z.string().min(1).optional().describe('Default: the service’s image.'),
  command: commandLine.optional(),
  replicas: z.int().positive().default(1).describe('Clients of this kind at the same time.'),
  env: envSchema.default({}),
  volumes: z.array(volumeSchema).default([]),
  resources: resourcesSchema.default({}),
  timeout: durationSchema.default(3600),
});
export type ClientSection = z.output<typeof clientSchema>;

/** `clients`: by name. All start once the service is ready; the task ends when all have ended. */
export const clientsSchema = z.record(
  z.string().regex(SAFE_NAME, { error: 'a client’s name is lower-case letters, digits and dashes' }),
  clientSchema,
);
