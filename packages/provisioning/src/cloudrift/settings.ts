import { z } from 'zod';
import { secretRefSchema } from '../contract/secret.ts';

/** Date that pins the shapes of requests and answers; what this adapter was written against. */
export const API_VERSION = '2026-05-26';
/** What is sent when neither settings nor environment name another. */
export const DEFAULT_BASE_URL = 'https://api.cloudrift.ai';

/** Section `providers.cloudrift` of the settings file. */
export const cloudriftSettingsSchema = z.strictObject({
  api_key: secretRefSchema.optional().describe('Default: the variable CLOUDRIFT_API_KEY, else CLOUDRIFT_TOKEN.'),
  base_url: z.url().optional().describe(`Default: the variable CLOUDRIFT_API_URL, else ${DEFAULT_BASE_URL}`),
  api_version: z
    .string()
    .regex(/^(\d{4}-\d{2}-\d{2}|~upcoming)$/, 'expected a date like 2026-05-26, or ~upcoming')
    .default(API_VERSION)
    .describe('Version of the API that is asked for. One that the server refuses is replaced by ~upcoming, with a warning.'),
  team_id: z.string().min(1).optional().describe('Team whose machines and money these are. Default: the personal account.'),
  images: z
    .strictObject({
      nvidia: z.url().optional().describe('Image with the open NVIDIA driver.'),
      nvidia_proprietary: z.url().optional().describe('Image with the proprietary NVIDIA driver, for GPUs before Turing.'),
      amd: z.url().optional().describe('Image with ROCm.'),
      cloudinit: z.url().optional().describe('cloud-init file that is applied to every machine.'),
    })
    .prefault({})
    .describe('Images by URL. Default: the newest Ubuntu that the site recommends for the GPU.'),
});
export type CloudriftSettings = z.output<typeof cloudriftSettingsSchema>;
