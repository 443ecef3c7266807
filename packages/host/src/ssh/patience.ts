/** A time-out that stands still while a person is asked. */
export interface Patience {
  /** Resolves when the time is up; never when stopped before. */
  readonly expired: Promise<void>;
  pause(): void;
  /** With the whole time again. */
  resume(): void;
  stop(): void;
  whileAsking<T>(question: () => Promise<T>): Promise<T>;
}

export function patience(ms: number): Patience {
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  let expire = () => {};
  const expired = new Promise<void>((resolve) => {
    expire = resolve;
  });
  const self: Patience = {
    expired,
    pause: () => clearTimeout(timer),
    resume() {
      clearTimeout(timer);
      if (!stopped) timer = setTimeout(() => expire(), ms);
    },
    stop() {
      stopped = true;
      clearTimeout(timer);
    },
    async whileAsking(question) {
      self.pause();
      try {
        return await question();
      } finally {
        self.resume();
      }
    },
  };
  self.resume();
  return self;
}
