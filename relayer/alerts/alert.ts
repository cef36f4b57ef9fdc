/** Something that an operator must know. The key names the condition: while it stands, the same key stands. */
export interface Alert {
  readonly key: string;
  readonly severity: "warning" | "critical";
  /** One line. */
  readonly summary: string;
  /** What to do. */
  readonly advice: string;
}

/** What is sent: an alert that began, or one that is over. */
export interface Notice {
  readonly status: "firing" | "resolved";
  readonly alert: Alert;
  /** Whose it is: the provider's address. */
  readonly source: string;
  readonly atMs: number;
}

/** Where notices go. `name` may be logged; addresses and tokens may not. */
export interface AlertSink {
  readonly name: string;
  /** Throws when it was not taken. */
  send(notice: Notice): Promise<void>;
}
