import type { ErrorView, WarningView } from "../shared/wire.ts";
import { CrossIcon, WarnIcon } from "./icons.tsx";

export function ErrorNotice({ error }: { readonly error: ErrorView }) {
  return (
    <div class="notice error" role="alert">
      <CrossIcon />
      <p>{error.message}</p>
    </div>
  );
}

export function Warnings({ warnings }: { readonly warnings: readonly WarningView[] }) {
  if (warnings.length === 0) return null;
  return (
    <ul class="warnings" aria-label="Warnings">
      {warnings.map(({ code, message }) => (
        <li key={code + message} class="notice warning">
          <WarnIcon />
          <p>{message}</p>
        </li>
      ))}
    </ul>
  );
}
