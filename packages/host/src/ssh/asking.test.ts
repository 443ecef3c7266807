import { describe } from 'vitest';
import { askingCases } from './testing/asking-cases.ts';

describe('asking a person, by ssh2', () => {
  askingCases('ssh2');
});
