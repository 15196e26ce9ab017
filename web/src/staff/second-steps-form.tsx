/** Takes app, recovery codes and passkeys off a member's account whose owner lost them all. */
import { type FormEvent, type ReactNode, useRef, useState } from "react";
import { flushSync } from "react-dom";
import type { Member } from "../api/members";
import { ApiError } from "../api/problem";
import { useServices } from "../services";
import { ConfirmDialog } from "../ui/confirm-dialog";
import { useAnnounce } from "./announcer";
import { errorWords } from "./error-words";
import { SECOND_STEP_REASONS } from "./members-words";

interface Props {
  readonly member: Member;
  readonly onChange: (member: Member) => void;
}

export function SecondStepsForm({ member, onChange }: Props): ReactNode {
  const { members, session } = useServices();
  const announce = useAnnounce();
  const [reason, setReason] = useState("lost");
  const [isAsked, setAsked] = useState(false);
  const [isBusy, setBusy] = useState(false);
  const [fault, setFault] = useState<{ words: string; isOld: boolean } | null>(null);
  const heading = useRef<HTMLHeadingElement>(null);
  const hasNone = !member.isTwoStep && member.passkeys === 0;

  const remove = async (): Promise<void> => {
    setBusy(true);
    setFault(null);
    try {
      const changed = await members.removeSecondSteps(member.accountId, reason);
      onChange(changed);
      announce(`${member.email} signs in by the password alone.`);
    } catch (error) {
      const isOld = error instanceof ApiError && error.code === "step_up_required";
      setFault({ words: errorWords(error), isOld });
    } finally {
      // What was pressed may be gone from the page, and the focus with it; as long as the dialog
      // is there, nothing outside takes it.
      flushSync(() => {
        setAsked(false);
        setBusy(false);
      });
      heading.current?.focus();
    }
  };

  const ask = (event: FormEvent): void => {
    event.preventDefault();
    setFault(null);
    setAsked(true);
  };

  return (
    <form className="member-form" onSubmit={ask} aria-labelledby="member-second-steps">
      <h3 id="member-second-steps" ref={heading} tabIndex={-1}>
        Second steps
      </h3>
      {fault !== null && (
        <p className="fault" role="alert">
          {fault.words}
        </p>
      )}
      {fault?.isOld === true && (
        <button
          className="button"
          type="button"
          onClick={() => void session.signInAgain("/staff/members")}
        >
          Sign in again
        </button>
      )}
      {hasNone && <p>This account has none: its password alone signs in.</p>}
      {!hasNone && member.isStaff && (
        <p>This account works here. An operator gives it another second step.</p>
      )}
      {!hasNone && !member.isStaff && (
        <>
          <fieldset className="field">
            <legend>Why they are taken off</legend>
            {SECOND_STEP_REASONS.map(([value, name]) => (
              <label key={value} className="choice">
                <input
                  type="radio"
                  name="second-step-reason"
                  value={value}
                  checked={reason === value}
                  onChange={() => setReason(value)}
                />
                <span>{name}</span>
              </label>
            ))}
          </fieldset>
          <button className="button button-danger" type="submit">
            Take second steps off
          </button>
        </>
      )}
      {isAsked && (
        <ConfirmDialog
          title={`Take the second steps off ${member.email}?`}
          act="Take off"
          keep="Cancel"
          isBusy={isBusy}
          onAct={() => void remove()}
          onKeep={() => setAsked(false)}
        >
          <p>
            The authenticator app, the recovery codes and all passkeys are gone, every device is
            signed out, and the password alone signs in. This cannot be taken back. Its owner gets a
            letter that says why: be sure that it is the owner who asks.
          </p>
        </ConfirmDialog>
      )}
    </form>
  );
}
