import { z } from 'zod';

const hostSchema = z.strictObject({
  host: z.string().min(1).describe('Address, or an alias of your SSH configuration.'),
  port: z.int().min(1).max(65535).default(22),
  user: z.string().min(1).default('root').describe('Whoever logs in must be able to use Docker.'),
  key: z.string().min(1).optional().describe('Private key file; default: as ssh finds it.'),
  gpu: z.string().min(1).optional().describe('By any name that bench knows: H200. Default: a machine without GPUs.'),
  count: z.int().min(1).default(1).describe('GPUs of the machine.'),
  memory_gb: z.number().positive().optional().describe('Memory of one GPU; default: as the GPU catalogue says.'),
  price: z.number().positive().optional().describe('What an hour of the machine costs you, dollars. Default: not known.'),
  place: z.string().min(1).default('here').describe('What `--region` names.'),
});

/** `providers.byo` of the settings file. */
export const byoSettings = z.strictObject({
  hosts: z.array(hostSchema).default([]),
  claims: z
    .string()
    .regex(/^(~|\/)/, 'expected an absolute folder, or one that begins with ~/')
    .default('~/.bench-byo')
    .describe('Folder on the hosts where claims are kept. If several accounts share a host: one that all of them can write.'),
});
export type ByoSettings = z.infer<typeof byoSettings>;
export type ByoHost = ByoSettings['hosts'][number];
