import type { ComponentChildren } from "preact";

/** Drawn here, so that they look alike on every machine. Always beside words or a label. */
function Icon({ children }: { readonly children: ComponentChildren }) {
  return (
    <svg class="icon" viewBox="0 0 16 16" aria-hidden="true" focusable="false">
      {children}
    </svg>
  );
}

export const CheckIcon = () => (
  <Icon>
    <path d="M3 8.5 6.5 12 13 4.5" />
  </Icon>
);
export const SwapIcon = () => (
  <Icon>
    <path d="M3 5.5h9L9.5 3M13 10.5H4L6.5 13" />
  </Icon>
);
export const StitchIcon = () => (
  <Icon>
    <path d="M2.5 6c2-2.5 4-2.5 5.5 0s3.5 2.5 5.5 0M2.5 11c2-2.5 4-2.5 5.5 0s3.5 2.5 5.5 0" />
  </Icon>
);
export const CrossIcon = () => (
  <Icon>
    <path d="m4 4 8 8M12 4l-8 8" />
  </Icon>
);
export const LockIcon = () => (
  <Icon>
    <path d="M4 7.5h8v5.5H4zM5.5 7.5V5.5a2.5 2.5 0 0 1 5 0v2" />
  </Icon>
);
export const WarnIcon = () => (
  <Icon>
    <path d="M8 2.5 14 13H2zM8 6.5v3M8 11.2v.1" />
  </Icon>
);
export const BlockedIcon = () => (
  <Icon>
    <circle cx="8" cy="8" r="5.5" />
    <path d="m4.2 4.2 7.6 7.6" />
  </Icon>
);
