import type { EnvValue } from '@bench/recipe';
import type { DeploymentRecord } from '../contract.ts';

/** What the container target adds to a record: what is rented, and which machine it has become. No secret. */
export interface ContainerRecord extends DeploymentRecord {
  image: string;
  /** Replaces the image's entrypoint; null: the image's own. */
  entrypoint: readonly string[] | null;
  args: readonly string[];
  /** Secrets stay references; they are read when it is rented. */
  env: Readonly<Record<string, EnvValue>>;
  /** Variables that are passed on when they are set here. */
  passed: readonly string[];
  /** Port of the container. {@link DeploymentRecord.port} is where it is reached from outside, once that is known. */
  containerPort: number;
  /** How the engine is given its key. */
  apiKey: { env: string } | { flag: string };
  /** Where the generated key is kept while the deployment lives, mode 0600: another process needs it to go on. */
  keyPath: string;
  /** Name of the machine in the ledger; null: not rented yet. */
  machine: string | null;
}
