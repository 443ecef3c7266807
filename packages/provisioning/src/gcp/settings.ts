import { findGpus, GPUS, nearGpu } from '@bench/core';
import { z } from 'zod';
import { secretRefSchema } from '../contract/secret.ts';

/** Where the API is, when the settings do not say. */
export const BASE_URL = 'https://compute.googleapis.com/compute/v1';

/** What zones are looked up by: an id or a family of the catalogue, or `default`. */
const gpuName = z.string().superRefine((name, context) => {
  if (name === 'default' || GPUS.some(({ id, family }) => id === name || family === name)) return;
  const known = findGpus(name)[0];
  const hint = known === undefined ? (nearGpu(name) ?? 'a name of bench gpus, or default') : `write ${known.id}`;
  context.addIssue({ code: 'custom', message: 'no GPU of the catalogue has this name', params: { hint } });
});

/** The section `providers.gcp` of the settings file. */
export const gcpSettings = z.strictObject({
  project: z
    .string()
    .regex(/^[a-z0-9.:-]{1,100}$/, 'is not the id of a project')
    .optional()
    .describe(
      'Project that machines are made in. Default: GOOGLE_CLOUD_PROJECT, CLOUDSDK_CORE_PROJECT, the credentials file, gcloud’s configuration.',
    ),
  base_url: z
    .url({ protocol: /^https?$/ })
    .default(BASE_URL)
    .describe('Address of the Compute Engine API.'),
  access_token: secretRefSchema.optional().describe('A token that lives as long as it lives (an hour); for tests and short use.'),
  credentials_file: z
    .string()
    .min(1)
    .optional()
    .describe(
      'Credentials of a service account, a user or a workload identity. Default: GOOGLE_APPLICATION_CREDENTIALS, then gcloud’s own.',
    ),
  zones: z
    .record(gpuName, z.array(z.string().regex(/^[a-z]+-[a-z]+\d+-[a-z]$/, 'is not a zone (us-central1-a)')).min(1))
    .default({})
    .describe(
      'Zones to use for a GPU, by its name in the catalogue (`H200`), or `default`; tried in this order. Default: every zone that has it.',
    ),
  network: z.string().min(1).default('default').describe('Network of the machines.'),
  subnetwork: z.string().min(1).optional().describe('Subnetwork, in the zone’s region; needed for a network of custom mode.'),
  ssh_user: z
    .string()
    .regex(/^[a-z_][a-z0-9_-]{0,31}$/, 'is not a user name')
    .default('bench')
    .describe('User that Google’s guest agent makes on the machine.'),
  ssh_port: z.int().min(1).max(65535).default(22).describe('Where the image’s sshd listens.'),
  image_project: z.string().min(1).default('deeplearning-platform-release').describe('Project of the image of machines with GPUs.'),
  image_family: z.string().min(1).default('common-cu129-ubuntu-2404-nvidia-580').describe('Family of the image of machines with GPUs.'),
  disk_type: z
    .string()
    .min(1)
    .optional()
    .describe('Type of the boot disk. Default: hyperdisk-balanced where the machine needs it, else pd-balanced.'),
  flex_wait: z.int().min(90).max(7200).default(7200).describe('How long a flex-start request waits for capacity, seconds.'),
  prices: z
    .array(
      z.strictObject({
        machine_type: z.string().min(1),
        region: z.string().min(1).optional().describe('Default: every region.'),
        market: z.enum(['on-demand', 'spot', 'flex']).default('on-demand'),
        gpu: z.string().min(1).optional().describe('For N1 machines: the accelerator, `nvidia-tesla-t4`.'),
        usd_per_hour: z.number().positive(),
      }),
    )
    .default([])
    .describe(
      'What machines cost you, where you know better than the built-in list; the first entry that fits counts: `{machine_type: a3-highgpu-8g, region: us-central1, usd_per_hour: 70.5}`.',
    ),
  disk_usd_per_gb_month: z.number().nonnegative().optional().describe('What the boot disk costs. Default: not known.'),
});
export type GcpSettings = z.infer<typeof gcpSettings>;
