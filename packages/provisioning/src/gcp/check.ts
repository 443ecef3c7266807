import { BenchError, messageOf } from '@bench/core';
import type { z } from 'zod';
import type { CallOptions, CheckItem, CheckReport } from '../contract/provider.ts';
import { type Api, pages } from './api.ts';
import { TAG } from './insert-body.ts';
import { GLOBAL_QUOTA, regionsOf } from './quotas.ts';
import { projectPath } from './refs.ts';
import type { GcpSettings } from './settings.ts';
import type { Tokens } from './token.ts';
import { firewallSchema, lastPart, listSchema, projectSchema } from './wire.ts';
import { unknownZone } from './zones.ts';

const firewallsPage = listSchema(firewallSchema);
type Firewall = z.infer<typeof firewallSchema>;

/** Whether machines can be made and reached: token, project, quotas, firewall, OS Login; each with its fix. */
export async function checkGcp(
  o: { api: Api; tokens: Tokens; settings: GcpSettings; project: string },
  options: CallOptions,
): Promise<CheckReport> {
  const { api, project, settings } = o;
  const items: CheckItem[] = [];
  const attempt = async (name: string, look: () => Promise<void>): Promise<boolean> => {
    try {
      await look();
      return true;
    } catch (error) {
      options.signal?.throwIfAborted();
      const fix = BenchError.is(error) ? error.hint : undefined;
      items.push({ name, state: 'failed', text: messageOf(error), ...(fix === undefined ? {} : { fix }) });
      return false;
    }
  };

  const token = await attempt('credentials', async () => {
    await o.tokens.get();
    items.push({ name: 'credentials', state: 'ok', text: 'a token was given' });
  });
  if (!token) return { items };

  const found = await attempt('project', async () => {
    const answer = await api.call({ kind: 'get', path: projectPath(project), answer: projectSchema, signal: options.signal });
    items.push({ name: 'project', state: 'ok', text: `${project}, Compute Engine API on` });
    const quota = answer.quotas?.find((q) => q.metric === GLOBAL_QUOTA);
    if (quota !== undefined) items.push(quotaItem(`quota ${GLOBAL_QUOTA}`, quota, project));
    const osLogin = answer.commonInstanceMetadata?.items?.find((i) => i.key === 'enable-oslogin')?.value;
    if (osLogin?.toUpperCase() === 'TRUE')
      items.push({
        name: 'OS Login',
        state: 'warning',
        text: 'on for the project; machines of bench turn it off for themselves',
        fix: 'if the organisation forces it (constraints/compute.requireOsLogin), have this project excepted',
      });
  });
  if (!found) return { items };

  await attempt('quotas', async () => {
    const regions = await regionsOf(o, options);
    const wrong = unknownZone(settings, regions);
    if (wrong !== null)
      items.push({ name: 'zones', state: 'failed', text: wrong.message, ...(wrong.hint === undefined ? {} : { fix: wrong.hint }) });
    const quotas = regions.flatMap((region) =>
      (region.quotas ?? [])
        .filter((q) => /NVIDIA_.*_GPUS$/.test(q.metric) && !/VWS|COMMITTED/.test(q.metric) && q.limit > 0)
        .map((q) => ({ name: `quota ${q.metric} ${region.name}`, ...q })),
    );
    items.push(...quotas.map((q) => quotaItem(q.name, q, project)));
    if (quotas.length === 0)
      items.push({
        name: 'quotas',
        state: 'warning',
        text: 'no region grants a GPU that is counted by region (H100 and newer are counted elsewhere)',
        fix: `ask at ${quotaPage(project)}`,
      });
  });

  await attempt('firewall', async () => {
    const rules: Firewall[] = [];
    await pages({
      api,
      call: {
        kind: 'list',
        path: `${projectPath(project)}/global/firewalls`,
        query: { maxResults: '500' },
        answer: firewallsPage,
        signal: options.signal,
      },
      take: (page) => rules.push(...(page.items ?? [])),
    });
    const rule = rules.find((r) => letsSshIn(r, settings));
    items.push(
      rule !== undefined
        ? { name: 'firewall', state: 'ok', text: `${rule.name} lets SSH in` }
        : {
            name: 'firewall',
            state: 'failed',
            text: `no rule of network ${settings.network} lets SSH reach the machines`,
            fix: `gcloud compute firewall-rules create bench-ssh --project=${project} --network=${settings.network} --allow=tcp:${settings.ssh_port} --target-tags=${TAG} --source-ranges=YOUR_ADDRESS/32`,
          },
    );
  });
  return { items };
}

const quotaPage = (project: string): string => `https://console.cloud.google.com/iam-admin/quotas?project=${project}`;

function quotaItem(name: string, quota: { limit: number; usage: number }, project: string): CheckItem {
  const text = `${quota.limit - quota.usage} of ${quota.limit} free`;
  return quota.limit > quota.usage
    ? { name, state: 'ok', text }
    : { name, state: quota.limit === 0 ? 'failed' : 'warning', text, fix: `ask for more at ${quotaPage(project)}` };
}

function letsSshIn(rule: Firewall, settings: GcpSettings): boolean {
  const port = settings.ssh_port;
  const covers = (range: string): boolean => {
    const [from, to] = range.split('-').map(Number);
    return from !== undefined && from <= port && port <= (to ?? from);
  };
  return (
    rule.disabled !== true &&
    (rule.direction ?? 'INGRESS') === 'INGRESS' &&
    lastPart(rule.network ?? '') === settings.network &&
    (rule.targetTags === undefined || rule.targetTags.length === 0 || rule.targetTags.includes(TAG)) &&
    (rule.allowed ?? []).some((a) => ['tcp', 'all', '6'].includes(a.IPProtocol) && (a.ports === undefined || a.ports.some(covers)))
  );
}
