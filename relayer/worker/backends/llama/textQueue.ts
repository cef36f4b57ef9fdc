/** Turns a callback's texts into an async iteration. Texts that came together are given together. */
export interface TextQueue {
  push(text: string): void;
  /** Ends the iteration, with the error where one is given. */
  end(error?: unknown): void;
  texts(): AsyncGenerator<string>;
}

export function createTextQueue(): TextQueue {
  let waiting = "";
  let hasEnded = false;
  let failure: unknown;
  let wake: () => void = () => {};
  return {
    push(text) {
      waiting += text;
      wake();
    },
    end(error) {
      hasEnded = true;
      failure = error;
      wake();
    },
    async *texts() {
      for (;;) {
        if (waiting !== "") {
          const text = waiting;
          waiting = "";
          yield text;
        } else if (hasEnded) {
          if (failure !== undefined) {
            throw failure;
          }
          return;
        } else {
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
        }
      }
    },
  };
}
