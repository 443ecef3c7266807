/** What a fake provider wants to have started behind a machine that it says it has. */
export interface FakeMachineWanted {
  /** The provider's id of it; unique. */
  id: string;
  name: string;
  /** Whom SSH lets in. */
  user: string;
  /** OpenSSH public keys, one each. Only these are let in. */
  publicKeys: readonly string[];
  /** The provider's word for the image; null: none was asked for. */
  image: string | null;
  /** What its `nvidia-smi` tells of. */
  gpus: readonly { name: string; memoryMiB: number }[];
  /** The machine shut itself down. Its processes are gone, its disk is there until {@link FakeMachine.end}. */
  onShutdown?: () => void;
}

/** A machine that really answers on SSH. */
export interface FakeMachine {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  /** `ssh-ed25519 BASE64`; null: not known beforehand. */
  readonly hostKey: string | null;
  /** Switches it off: processes and connections end, files stay. Absent: it cannot be. */
  off?(): Promise<void>;
  /** On again, at the same address. */
  on?(): Promise<void>;
  /** Leaves nothing: no process, no file, no port. Idempotent. */
  end(): Promise<void>;
}

/** Where fakes get machines from: in-process ones, or those of a test. */
export interface FakeMachines {
  start(wanted: FakeMachineWanted): Promise<FakeMachine>;
  /** Ends all of them. */
  close(): Promise<void>;
}

/** Machines that exist on paper: nothing listens at their address (192.0.2.0/24, RFC 5737). */
export function noMachines(): FakeMachines {
  let last = 0;
  return {
    start: ({ user }) => {
      last = (last % 254) + 1;
      return Promise.resolve({ host: `192.0.2.${last}`, port: 22, user, hostKey: null, end: () => Promise.resolve() });
    },
    close: () => Promise.resolve(),
  };
}
