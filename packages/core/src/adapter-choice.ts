import {
  type AdapterSelection,
  BadInputError,
  type Generator,
  type LoadedAdapter,
  type Mode,
  usesAdapter,
} from "@advisor/contracts";
import type { ModelProfile } from "./model-profile.ts";

export interface AdapterChoice {
  readonly selection: AdapterSelection;
  readonly loaded: LoadedAdapter;
}

/** @throws BadInputError when an arm without an adapter is asked to use one. Needs no model. */
export function checkAdapterUse(mode: Mode, requested: AdapterSelection | undefined): void {
  if (!requested || usesAdapter(mode)) return;
  const other = mode === "retrieval" ? "hybrid" : "adapter";
  throw new BadInputError({
    code: "invalid_request",
    subject: "ask request, adapter",
    reason: `the mode ${mode} runs without an adapter, and ${requested.name} was named`,
    nextStep: `Use the mode ${other}, or leave the adapter out`,
  });
}

/**
 * The adapter of requests that name none: the settings', else the one that the model's card names, else the only one
 * loaded. A caller who lists adapters has to name one: which of them is meant is not the model's to say.
 */
export function defaultAdapter(
  settings: { readonly adapter?: AdapterSelection | undefined; readonly adapters: readonly string[] },
  profile: Pick<ModelProfile, "defaultAdapter">,
  loaded: readonly Pick<LoadedAdapter, "name">[],
): AdapterSelection | undefined {
  if (settings.adapter) return settings.adapter;
  const own = loaded.find(({ name }) => name === profile.defaultAdapter);
  if (own && settings.adapters.length === 0) return { name: own.name };
  return loaded.length === 1 && loaded[0] ? { name: loaded[0].name } : undefined;
}

/**
 * The adapter of a request in the arms that need one: the request's, else the default.
 *
 * @throws BadInputError `unknown_adapter`, with the names there are, when it is not loaded or cannot be told.
 */
export function chooseAdapter(
  mode: Mode,
  requested: AdapterSelection | undefined,
  byDefault: AdapterSelection | undefined,
  generator: Generator,
): AdapterChoice | undefined {
  if (!usesAdapter(mode)) return undefined;
  const adapters = generator.adapters();
  const names = adapters.map(({ name }) => name).join(", ");
  const selection = requested ?? byDefault;
  if (!selection) {
    throw new BadInputError({
      code: "unknown_adapter",
      subject: `mode ${mode}`,
      reason:
        adapters.length === 0
          ? `it needs an adapter, and none is loaded on ${generator.model.name}`
          : `it needs an adapter, and the request names none of those loaded: ${names}`,
      nextStep:
        adapters.length === 0
          ? "List the adapter's GGUF under adapters in the settings, or use the mode retrieval or base"
          : "Name one as adapter",
    });
  }
  const loaded = adapters.find(({ name }) => name === selection.name);
  if (!loaded) {
    throw new BadInputError({
      code: "unknown_adapter",
      subject: `adapter ${selection.name}`,
      reason: names ? `it is not loaded; loaded are: ${names}` : "it is not loaded, nor is any other",
      nextStep: names
        ? "Name one of these, or list its GGUF under adapters in the settings"
        : "List its GGUF under adapters in the settings",
    });
  }
  return { selection: { ...selection, name: loaded.name }, loaded };
}
