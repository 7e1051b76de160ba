import { z } from "zod";

/** A uri or source that comes back as it went in: a lone surrogate would be stored as another sign, and never be found again. */
export const storableName = z
  .string()
  .min(1)
  .max(4096)
  .refine((text) => !/\p{Cs}/u.test(text), "must not hold lone surrogates");
