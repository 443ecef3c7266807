import type { EnvValue } from '@bench/recipe';
import type { ContainerFacts, DeploymentRecord } from '../contract.ts';
import type { ProjectFile } from './compose-project.ts';
import type { Weights } from './weights.ts';

/** What the compose target adds to a record: all that another process needs to go on with the deployment, or to end it. No secret. */
export interface ComposeRecord extends DeploymentRecord {
  project: string;
  /** Folder on the host for its files. */
  hostDir: string;
  /** Folder on the host for weights. */
  modelDir: string;
  containers: Pick<ContainerFacts, 'docker' | 'compose'>;
  /** The endpoint faces the network and asks for a key. */
  exposed: boolean;
  engines: readonly {
    service: string;
    container: string;
    /** Path under the endpoint at which this one tells whether it is healthy. */
    healthPath: string;
    /** Its log on this machine. */
    logPath: string;
  }[];
  /** Container of the balancer; null: the one engine is reached directly. */
  balancer: string | null;
  images: readonly string[];
  /** `compose.yaml` and `nginx.conf`. */
  files: readonly ProjectFile[];
  /** Variables of every engine that are read when it starts. */
  secretEnv: Readonly<Record<string, EnvValue>>;
  weights: Weights;
  /** GPUs that the recipe asks for and no engine uses. */
  idleGpus: number;
}

/** Override of the compose file with the variables that are secrets; mode 0600. */
export const SECRETS_FILE = 'secret-env.yaml';
/** The token for the container that fetches weights; mode 0600. */
export const DOWNLOAD_ENV_FILE = 'download.env';
/** Id of the process that fetches weights, and name of its container. */
export const downloadId = (project: string) => `${project}-download`;
