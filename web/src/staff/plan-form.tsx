/** Gives an account another plan. */
import { type FormEvent, type ReactNode, useState } from "react";
import { planLimits, planName } from "../account/plan-words";
import type { Plan } from "../api/plans";
import { useServices } from "../services";
import { useAnnounce } from "./announcer";
import { errorWords } from "../ui/error-words";

interface Props {
  readonly accountId: string;
  readonly plan: Plan;
  /** Those that can be given. */
  readonly plans: readonly Plan[];
  readonly onGiven: (plan: Plan) => void;
}

export function PlanForm({ accountId, plan, plans: all, onGiven }: Props): ReactNode {
  const { plans } = useServices();
  const announce = useAnnounce();
  const [chosen, setChosen] = useState(plan.plan);
  const [fault, setFault] = useState<string | null>(null);
  const [isBusy, setBusy] = useState(false);
  // One that is not for sale is still shown to who has it.
  const shown = all.some((one) => one.plan === plan.plan) ? all : [...all, plan];

  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (isBusy) return;
    setBusy(true);
    setFault(null);
    plans
      .give(accountId, chosen)
      .then((given) => {
        announce(`The plan is ${planName(given.plan)} now.`);
        onGiven(given);
      })
      .catch((error: unknown) => setFault(errorWords(error)))
      .finally(() => setBusy(false));
  };

  return (
    <form className="member-form" onSubmit={submit} aria-labelledby="member-plan">
      <h3 id="member-plan">Plan: {planName(plan.plan)}</h3>
      <fieldset className="field">
        <legend className="visually-hidden">Plan</legend>
        {shown.map((one) => (
          <label key={one.plan} className="choice">
            <input
              type="radio"
              name="plan"
              value={one.plan}
              checked={chosen === one.plan}
              onChange={() => setChosen(one.plan)}
            />
            <span>
              {planName(one.plan)}
              <small>{planLimits(one).join(" · ")}</small>
            </span>
          </label>
        ))}
      </fieldset>
      {fault !== null && (
        <p className="fault" role="alert">
          {fault}
        </p>
      )}
      <button className="button" type="submit" aria-busy={isBusy} disabled={chosen === plan.plan}>
        Give this plan
      </button>
    </form>
  );
}
