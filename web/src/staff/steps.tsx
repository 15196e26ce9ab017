/** The way of a film through the pipeline, step by step with times. */
import type { ReactNode } from "react";
import type { AssetDetail, Step } from "../api/assets";
import { stepName, stepSeconds, took } from "./words";
import { useNow } from "./use-now";

const STATES: Readonly<Record<string, string>> = {
  running: "running",
  done: "done",
  failed: "failed",
};

const CLOCK = new Intl.DateTimeFormat(undefined, { timeStyle: "medium" });
const DAY = new Intl.DateTimeFormat(undefined, { dateStyle: "medium" });

export function Steps({ asset }: { readonly asset: AssetDetail }): ReactNode {
  const isRunning = asset.steps.some((step) => step.status === "running");
  const now = useNow(isRunning);
  return (
    <ol className="steps" aria-label="Steps">
      {asset.steps.map((step) => (
        <li key={step.name} className="step" data-step={step.name} data-state={step.status}>
          <span className="step-name">
            {stepName(step)}
            <span className="visually-hidden">: {STATES[step.status] ?? step.status}</span>
          </span>
          <span className="step-times">
            <time dateTime={step.startedAt.toISOString()} title={DAY.format(step.startedAt)}>
              {CLOCK.format(step.startedAt)}
            </time>
            <span>{duration(step, now)}</span>
          </span>
        </li>
      ))}
    </ol>
  );
}

function duration(step: Step, now: Date): string {
  if (step.endedAt !== null) return took(stepSeconds(step, now));
  if (step.status === "running") return `for ${took(stepSeconds(step, now))}`;
  return "not finished";
}
