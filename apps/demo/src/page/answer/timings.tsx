import type { Arm } from "../../shared/wire.ts";
import type { ArmStates } from "./arm-state.ts";
import { figures } from "./figures.ts";

/** The figures of one arm. The bars compare the arms: the longest fills its line. */
export function Timings({ arm, arms }: { readonly arm: Arm; readonly arms: ArmStates }) {
  return (
    <dl class="timings" aria-label="Timings">
      {figures(arm, arms).map(({ label, value, unit, share }) => (
        <div key={label} class="figure">
          <dt class="figure-name">{label}</dt>
          <dd class="figure-number">
            <span class="figure-value">{value}</span> <span class="figure-unit">{unit}</span>
          </dd>
          <span class="bar" aria-hidden="true">
            <span class="bar-fill" style={{ width: `${share * 100}%` }} />
          </span>
        </div>
      ))}
    </dl>
  );
}
