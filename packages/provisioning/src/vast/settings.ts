import { z } from 'zod';
import { secretRefSchema } from '../contract/secret.ts';

/** Machines that a bench is worth running on; any of it can be set otherwise. */
const qualitySchema = z
  .strictObject({
    verified: z.boolean().default(true).describe('Only machines that vast.ai has verified.'),
    min_reliability: z.number().min(0).max(1).default(0.9).describe('Share of the time that the machine was up, 0 to 1.'),
    min_direct_ports: z.int().min(1).default(1).describe('Ports of its own that the machine has open.'),
    min_down_mbps: z
      .number()
      .min(0)
      .default(128)
      .describe('Download of the machine, megabits per second: images and weights come through it.'),
    min_cuda: z.number().min(0).default(12.8).describe('CUDA version that the driver can do.'),
    min_compute_capability: z.number().min(0).default(6).describe('CUDA compute capability of the GPUs. 0: GPUs of other makers too.'),
  })
  .prefault({});

/** Section `providers.vast` of the settings file. */
export const vastSettingsSchema = z.strictObject({
  api_key: secretRefSchema
    .optional()
    .describe(
      'Default: the variable VAST_API_KEY, else the file that the vastai program keeps: ~/.config/vastai/vast_api_key or ~/.vast_api_key.',
    ),
  base_url: z.url().optional().describe('Default: the variable VAST_URL, else https://console.vast.ai'),
  vm: z
    .boolean()
    .default(false)
    .describe('Rent virtual machines, in which everything runs as on any host. Default: containers, each of which is one engine.'),
  quality: qualitySchema.describe('What is left out of the offers.'),
  bid_over_minimum: z
    .number()
    .min(1)
    .default(1.1)
    .describe('Bid on a spot machine when none is given with --bid: this many times the lowest bid that would win now.'),
});
export type VastSettings = z.output<typeof vastSettingsSchema>;

/** What is sent when neither settings nor environment name another. */
export const DEFAULT_BASE_URL = 'https://console.vast.ai';
