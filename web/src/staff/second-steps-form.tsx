/** Takes app, recovery codes and passkeys off a member's account whose owner lost them all. */
import { type FormEvent, type ReactNode, useRef, useState } from "react";
import type { Member } from "../api/members";
import { useServices } from "../services";
import { ConfirmDialog } from "../ui/confirm-dialog";
import { FaultNotice, useConfirmedAct } from "../ui/confirmed-act";
import { useAnnounce } from "./announcer";
import { SECOND_STEP_REASONS } from "./members-words";
import { ReasonChoice } from "./reason-choice";

interface Props {
  readonly member: Member;
  readonly onChange: (member: Member) => void;
}

export function SecondStepsForm({ member, onChange }: Props): ReactNode {
  const { members } = useServices();
  const announce = useAnnounce();
  const [reason, setReason] = useState("lost");
  const heading = useRef<HTMLHeadingElement>(null);
  const { asked, isBusy, fault, ask, keep, run } = useConfirmedAct<true>(heading);
  const hasNone = !member.isTwoStep && member.passkeys === 0;

  const remove = async (): Promise<void> => {
    onChange(await members.removeSecondSteps(member.accountId, reason));
    announce(`${member.email} signs in by the password alone.`);
  };

  const onSubmit = (event: FormEvent): void => {
    event.preventDefault();
    ask(true);
  };

  return (
    <form className="member-form" onSubmit={onSubmit} aria-labelledby="member-second-steps">
      <h3 id="member-second-steps" ref={heading} tabIndex={-1}>
        Second steps
      </h3>
      <FaultNotice fault={fault} returnTo="/staff/members" />
      {hasNone && <p>This account has none: its password alone signs in.</p>}
      {!hasNone && member.isStaff && (
        <p>This account works here. An operator gives it another second step.</p>
      )}
      {!hasNone && !member.isStaff && (
        <>
          <ReasonChoice
            legend="Why they are taken off"
            name="second-step-reason"
            reasons={SECOND_STEP_REASONS}
            chosen={reason}
            onChoose={setReason}
          />
          <button className="button button-danger" type="submit">
            Take second steps off
          </button>
        </>
      )}
      {asked !== null && (
        <ConfirmDialog
          title={`Take the second steps off ${member.email}?`}
          act="Take off"
          keep="Cancel"
          isBusy={isBusy}
          onAct={() => void run(remove)}
          onKeep={keep}
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
