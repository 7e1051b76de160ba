import type { Verdict } from "../shared/wire.ts";
import { CheckIcon, CrossIcon, StitchIcon, SwapIcon } from "./icons.tsx";

/** What the check of a citation found, for people. */
export const VERDICTS: Readonly<
  Record<Verdict, { word: string; means: string; Icon: () => preact.JSX.Element }>
> = {
  verified: { word: "verified", means: "the source says it", Icon: CheckIcon },
  misattributed: { word: "misattributed", means: "another source says it", Icon: SwapIcon },
  stitched: { word: "stitched", means: "pieced together from places apart", Icon: StitchIcon },
  fabricated: { word: "fabricated", means: "no source says it", Icon: CrossIcon },
};
