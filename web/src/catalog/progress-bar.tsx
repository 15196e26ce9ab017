import type { ReactNode } from "react";
import type { Reached } from "../api/progress";
import { fractionSeen } from "../player/resume";

export function ProgressBar({ reached }: { readonly reached: Reached }): ReactNode {
  const percent = Math.round(fractionSeen(reached) * 100);
  return (
    <span
      className="progress"
      role="progressbar"
      aria-label="Watched"
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={percent}
    >
      <span className="progress-seen" style={{ width: `${percent}%` }} />
    </span>
  );
}
