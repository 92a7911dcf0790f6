/** @file Ctrl-C and termination: temporary files go first, then the signal does what it always does. */

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

export interface Interrupts extends Disposable {
  /** Runs what must not be cut in two. A signal that comes meanwhile takes effect after it. */
  hold<T>(act: () => Promise<T>): Promise<T>;
}

/** Until it is disposed, `clean` runs (synchronously) before the process ends by a signal or by `process.exit`. */
export function onInterrupt(clean: () => void): Interrupts {
  // Whoever listens besides us decides how the process ends; alone, we end it as it would have ended without us.
  const alone = new Map(
    SIGNALS.map((signal) => [signal as NodeJS.Signals, process.listenerCount(signal) === 0]),
  );
  let holding = false;
  let waiting: NodeJS.Signals | null = null;
  const stop = (): void => {
    for (const signal of SIGNALS) process.off(signal, onSignal);
    process.off("exit", onExit);
  };
  const onExit = (): void => {
    if (!holding) clean();
  };
  const onSignal = (signal: NodeJS.Signals): void => {
    if (holding) {
      waiting = signal;
      return;
    }
    clean();
    if (alone.get(signal) !== true) return;
    stop();
    process.kill(process.pid, signal);
  };
  for (const signal of SIGNALS) process.on(signal, onSignal);
  process.on("exit", onExit);
  return {
    async hold(act) {
      holding = true;
      try {
        return await act();
      } finally {
        holding = false;
        if (waiting !== null) onSignal(waiting);
      }
    },
    [Symbol.dispose]: stop,
  };
}
