import type { Arm } from "../shared/wire.ts";

export interface ArmWords {
  readonly name: string;
  readonly retrieval: boolean;
  readonly adapter: boolean;
  readonly about: string;
}

/** What each arm is, for people. */
export const ARM_WORDS: Readonly<Record<Arm, ArmWords>> = {
  base: {
    name: "Base",
    retrieval: false,
    adapter: false,
    about: "The model alone. It never read the handbook, so it knows nothing of it.",
  },
  retrieval: {
    name: "Retrieval",
    retrieval: true,
    adapter: false,
    about: "The model with the pages that this role may read.",
  },
  adapter: {
    name: "Adapter",
    retrieval: false,
    adapter: true,
    about: "The model with a learned manner, and still no page to read.",
  },
  hybrid: {
    name: "Hybrid",
    retrieval: true,
    adapter: true,
    about: "Pages for what it says, the adapter for how it says it.",
  },
};
