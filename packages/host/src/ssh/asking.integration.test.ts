import { describe } from 'vitest';
import { part } from '../../../../scripts/parts.mjs';
import { askingCases } from './testing/asking-cases.ts';

const sshdPart = part('sshd'); // brings the client

describe.skipIf(!sshdPart.present)(`asking a person, by the system's ssh${sshdPart.present ? '' : ` (${sshdPart.skipped})`}`, () => {
  askingCases('system');
});
