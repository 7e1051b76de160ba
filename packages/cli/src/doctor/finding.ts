/** `ok`: as it should be. `warn`: it works, and there is something to know. `fail`: something that is needed does not. */
export type FindingStatus = "ok" | "warn" | "fail";

/** One line of what `advisor doctor` found. */
export interface Finding {
  readonly section: "machine" | "models" | "store" | "access";
  /** Stable, such as `memory`. */
  readonly name: string;
  readonly status: FindingStatus;
  readonly text: string;
  /** What to do about it. */
  readonly nextStep?: string;
  /** The same for machines. */
  readonly facts?: Readonly<Record<string, unknown>>;
}
