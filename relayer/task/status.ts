/** What a worker signs with its answer. 0 pays the price; any other gives it back and leaves the bond alone. */
export const TASK_STATUS = {
  answered: 0,
  /** The request is of no known form, or not what the model's API takes. */
  malformed: 1,
  /** It does not fit the model's context, or is larger than a worker takes. */
  tooLong: 2,
  /** The model would not answer it. */
  refused: 3,
  /** The price does not even pay for reading it. */
  tooDear: 4,
  /** Sealed to another key, or not found where it should lie. */
  unreadable: 5,
  /** The model failed until the deadline was near. */
  failed: 6,
} as const;

export type TaskStatus = keyof typeof TASK_STATUS;

/** The response of a task that was not answered, for whoever reads the chain. */
export const TASK_REASONS: Readonly<Record<Exclude<TaskStatus, "answered">, string>> = {
  malformed: "The request is malformed.",
  tooLong: "The request is too long for the model.",
  refused: "The model refused the request.",
  tooDear: "The price does not pay for the request.",
  unreadable: "The request cannot be read here.",
  failed: "The model failed.",
};
