import { cloudriftKind } from '../cloudrift/fake-cloudrift.ts';
import type { FakeCloudKind } from '../fake/cloud.ts';
import { fakeGcp } from '../gcp/fake-gcp.ts';
import { fakeVastKind } from '../vast/fake-vast.ts';

/** What `bench-fake-cloud` can start. */
export const KINDS: readonly FakeCloudKind[] = [cloudriftKind, fakeGcp, fakeVastKind];
