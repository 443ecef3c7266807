import { relative } from 'node:path';
import { ROOT } from './workspace.mjs';

/** So many files that failed are an accident; more are a fault that running them again only prolongs. */
export const MOST_FILES = 5;

const failing = (file) => file.status === 'failed' || file.assertionResults.some(({ status }) => status === 'failed');

/** Files of a vitest JSON report in which something failed, as paths. */
export function failedFiles(report) {
  return report.testResults.filter(failing).map(({ name }) => name);
}

/**
 * A report in which files that were run again stand with their second outcome, and what failed only the first time, with its first error.
 * @returns {{ report: any, unsteady: { file: string, test: string, error: string }[] }}
 */
export function mergeAgain(first, second, root = ROOT) {
  const again = new Map(second.testResults.map((file) => [file.name, file]));
  const unsteady = first.testResults
    .filter((file) => again.has(file.name))
    .flatMap((file) => {
      const now = new Map(again.get(file.name).assertionResults.map(({ fullName, status }) => [fullName, status]));
      return file.assertionResults
        .filter(({ fullName, status }) => status === 'failed' && now.get(fullName) === 'passed')
        .map(({ fullName, failureMessages = [] }) => ({
          file: relative(root, file.name),
          test: fullName,
          error: failureMessages.join('\n'),
        }));
    });
  return { report: { ...first, testResults: first.testResults.map((file) => again.get(file.name) ?? file) }, unsteady };
}
