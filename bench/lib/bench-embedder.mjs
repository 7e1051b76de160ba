// Vectors for stores of any size: real embeddings, perturbed, without the time that embedding a million texts takes.
import { createHash } from "node:crypto";
import { randomFrom } from "./generated-corpus.mjs";

/** Length of the noise on a vector of length 1: the cosine of both ends is some 0.95, as of two passages on one matter. */
const NOISE = 0.33;

/** Two numbers with a normal distribution (Box and Muller, 1958). */
function normalFrom(random) {
  let spare;
  return () => {
    if (spare !== undefined) {
      const value = spare;
      spare = undefined;
      return value;
    }
    const radius = Math.sqrt(-2 * Math.log(1 - random()));
    const angle = 2 * Math.PI * random();
    spare = radius * Math.sin(angle);
    return radius * Math.cos(angle);
  };
}

export function perturb(base, seed, noise = NOISE) {
  const normal = normalFrom(randomFrom(seed));
  const scale = noise / Math.sqrt(base.length);
  const vector = Float32Array.from(base, (value) => value + scale * normal());
  const norm = Math.hypot(...vector);
  return vector.map((value) => value / norm);
}

/** Of a store whose vectors are perturbed. */
export const PERTURBED_ID = "perturbed-embeddings@1";

/**
 * Counts tokens as the real embedder does, and gives each text a perturbed embedding of one of `texts`, chosen by the
 * text's hash. `real` stays the caller's.
 */
export async function perturbingEmbedder(real, texts) {
  const bases = (await real.embed(texts, "passage")).filter((vector) => vector.some((value) => value !== 0));
  const embed = async (wanted) =>
    wanted.map((text) => {
      const hash = createHash("sha256").update(text).digest();
      return perturb(bases[hash.readUInt32LE(0) % bases.length], hash.readUInt32LE(4));
    });
  return {
    id: PERTURBED_ID,
    dimensions: real.dimensions,
    maxTokens: real.maxTokens,
    embed,
    countTokens: (list) => real.countTokens(list),
    dispose: async () => {},
    [Symbol.asyncDispose]: async () => {},
    bases,
  };
}
