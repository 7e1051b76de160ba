import { AdapterError } from "@advisor/contracts";
import type { GgufInspection } from "../gguf/inspect.ts";
import type { AdapterInspection } from "./read-adapter.ts";

const FUSED = /\.attn_[qkv]\.weight$/;

/**
 * Holds an adapter's factors against the base's tensors: each must change one that exists, in its shape.
 * @throws AdapterError `adapter_incompatible` naming the tensor and both shapes.
 */
export function fitToBase(adapter: AdapterInspection, base: GgufInspection): void {
  const incompatible = (reason: string) =>
    new AdapterError({
      code: "adapter_incompatible",
      subject: adapter.path,
      reason,
      nextStep: "Load it with the base it was made for, or use an adapter made for this model",
    });
  if (adapter.architecture !== base.architecture) {
    throw incompatible(
      `it was made for the architecture ${adapter.architecture}, and the model's is ${base.architecture}`,
    );
  }
  const tensors = new Map(base.tensors.map((tensor) => [tensor.name, tensor]));
  for (const { target, a, b } of adapter.pairs) {
    const tensor = tensors.get(target);
    if (!tensor) {
      const fused = FUSED.test(target) && tensors.has(target.replace(FUSED, ".attn_qkv.weight"));
      throw incompatible(
        fused
          ? `it changes ${target}, and this base keeps queries, keys and values in one tensor`
          : `it changes ${target}, which the base does not have`,
      );
    }
    const shape = [a.shape[0], b.shape[1], ...a.shape.slice(2)];
    if (shape.join() !== tensor.shape.join() || a.shape.slice(2).join() !== b.shape.slice(2).join()) {
      throw incompatible(
        `its factors of ${target} make ${shape.join(" x ")}, and the base's tensor is ${tensor.shape.join(" x ")}`,
      );
    }
  }
}
