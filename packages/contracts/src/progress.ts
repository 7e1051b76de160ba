/** Told while something long runs. `done` and `total` count `unit`s; `total` is absent while it is not known. */
export interface Progress {
  readonly stage: string;
  readonly done: number;
  readonly total?: number;
  readonly unit: string;
  /** The thing in hand, such as a uri. */
  readonly subject?: string;
}

/** Called while something long runs, as often as a step ends. What it throws ends the work. */
export type OnProgress = (progress: Progress) => void;

/** A degradation that the caller should know of. It travels in the result, never only on a console. */
export interface Warning {
  /** Stable, such as `passages_dropped`. */
  readonly code: string;
  readonly message: string;
}
