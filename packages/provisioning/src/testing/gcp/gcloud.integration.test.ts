import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { part } from '../../../../../scripts/parts.mjs';
import { LABELS } from '../../contract/name.ts';
import { type FakeGcp, startFakeGcp } from './fake-gcp.ts';

const gcloudPart = part('gcloud');
const PATIENCE_MS = 120_000;

describe.skipIf(!gcloudPart.present)(
  `the fake of Google Cloud before gcloud${gcloudPart.present ? '' : ` (${gcloudPart.skipped})`}`,
  () => {
    let fake: FakeGcp;
    let config = '';
    beforeAll(async () => {
      fake = await startFakeGcp();
      config = await mkdtemp(join(tmpdir(), 'bench-gcloud-'));
    });
    afterAll(async () => {
      await fake.close();
      await rm(config, { recursive: true, force: true });
    });

    /** What a command of `gcloud compute` prints as JSON. */
    async function gcloud(...args: string[]): Promise<unknown> {
      const env = {
        PATH: process.env['PATH'],
        HOME: config,
        CLOUDSDK_CONFIG: config,
        CLOUDSDK_API_ENDPOINT_OVERRIDES_COMPUTE: `${fake.baseUrl}/`,
        CLOUDSDK_AUTH_ACCESS_TOKEN: fake.server.key,
        CLOUDSDK_CORE_PROJECT: fake.project,
        CLOUDSDK_CORE_DISABLE_PROMPTS: '1',
        CLOUDSDK_CORE_DISABLE_USAGE_REPORTING: '1',
      };
      const all = ['compute', ...args, '--format=json'];
      const { stdout } = await promisify(execFile)(gcloudPart.path ?? 'gcloud', all, { env, timeout: PATIENCE_MS, maxBuffer: 1 << 24 });
      return stdout.trim() === '' ? null : JSON.parse(stdout);
    }

    it(
      'makes, lists, finds, stops, starts and deletes a machine with a GPU',
      async () => {
        const labels = `${LABELS.managed}=true,${LABELS.owner}=ab12cd34ef56`;
        const shape = ['--machine-type=g2-standard-4', '--maintenance-policy=TERMINATE', '--image-family=f', '--image-project=p'];
        const end = ['--provisioning-model=SPOT', '--max-run-duration=1h', '--instance-termination-action=DELETE', `--labels=${labels}`];
        const made = await gcloud('instances', 'create', 'bench-ab12cd-r0-1', '--zone=us-central1-a', ...shape, ...end);
        expect(made).toMatchObject([{ name: 'bench-ab12cd-r0-1', status: 'RUNNING', labels: { [LABELS.managed]: 'true' } }]);
        const [sent] = fake.server.requests.filter((r) => r.method === 'POST' && r.path.endsWith('/instances'));
        // What bench sends of its own is what gcloud sends.
        expect(sent?.body).toMatchObject({
          scheduling: {
            provisioningModel: 'SPOT',
            preemptible: true,
            instanceTerminationAction: 'DELETE',
            maxRunDuration: { seconds: '3600' },
            onHostMaintenance: 'TERMINATE',
            automaticRestart: false,
          },
          networkInterfaces: [{ accessConfigs: [{ name: 'external-nat', type: 'ONE_TO_ONE_NAT' }] }],
        });
        expect(await gcloud('instances', 'list', `--filter=labels.${LABELS.managed}=true`)).toMatchObject([{ name: 'bench-ab12cd-r0-1' }]);
        expect(await gcloud('instances', 'describe', 'bench-ab12cd-r0-1', '--zone=us-central1-a')).toMatchObject({ status: 'RUNNING' });
        await gcloud('instances', 'stop', 'bench-ab12cd-r0-1', '--zone=us-central1-a');
        await expect.poll(() => gcloud('instances', 'list'), { timeout: PATIENCE_MS }).toMatchObject([{ status: 'TERMINATED' }]);
        await gcloud('instances', 'start', 'bench-ab12cd-r0-1', '--zone=us-central1-a');
        await gcloud('instances', 'delete', 'bench-ab12cd-r0-1', '--zone=us-central1-a');
        expect(await gcloud('instances', 'list')).toEqual([]);
        expect(fake.truth().live).toEqual([]);
        expect(fake.server.errors).toEqual([]);
      },
      PATIENCE_MS,
    );

    it(
      'is told of a zone that is sold out, of a name that is taken, and of what preempted a machine',
      async () => {
        const shape = ['--machine-type=e2-standard-4', '--image-family=f', '--image-project=p', '--zone=us-east1-b'];
        fake.soldOut('us-east1-b');
        await expect(gcloud('instances', 'create', 'vm-1', ...shape)).rejects.toThrow(/does not have enough resources/);
        fake.soldOut('us-east1-b', false);
        await gcloud('instances', 'create', 'vm-1', ...shape);
        await expect(gcloud('instances', 'create', 'vm-1', ...shape)).rejects.toThrow(/already exists/);
        fake.preempt('vm-1');
        expect(await gcloud('operations', 'list', '--filter=operationType=compute.instances.preempted')).toMatchObject([
          { operationType: 'compute.instances.preempted', status: 'DONE', user: 'system' },
        ]);
      },
      PATIENCE_MS,
    );

    it(
      'reads zones, regions with their quotas, machine types and the console',
      async () => {
        expect(await gcloud('zones', 'list', '--filter=name=us-east4-b')).toMatchObject([{ name: 'us-east4-b' }]);
        const [region] = (await gcloud('regions', 'list', '--filter=name=us-central1')) as {
          quotas: { metric: string; limit: number }[];
        }[];
        expect(region?.quotas).toContainEqual(expect.objectContaining({ metric: 'NVIDIA_L4_GPUS', limit: 64 }));
        expect(await gcloud('machine-types', 'list', '--filter=name=a3-ultragpu-8g', '--zones=us-east4-b')).toMatchObject([
          { guestCpus: 224 },
        ]);
        await gcloud(
          'instances',
          'create',
          'vm-2',
          '--machine-type=e2-standard-4',
          '--image-family=f',
          '--image-project=p',
          '--zone=us-east4-b',
        );
        expect(await gcloud('instances', 'get-serial-port-output', 'vm-2', '--zone=us-east4-b')).toMatchObject({
          contents: expect.stringContaining('login') as unknown,
        });
      },
      PATIENCE_MS,
    );
  },
);
