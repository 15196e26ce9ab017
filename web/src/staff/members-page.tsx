/** Where staff find a member's account, give it a plan, free it of lost second steps, and block it. */
import { type FormEvent, type ReactNode, useId, useRef, useState } from "react";
import type { Letters } from "../api/letters";
import type { Member } from "../api/members";
import type { Plan } from "../api/plans";
import { SiteHeader } from "../catalog/site-header";
import { useServices } from "../services";
import { useDocumentTitle } from "../ui/document-title";
import "../ui/status.css";
import { Announcer, useAnnounce } from "./announcer";
import { BlockForm } from "./block-form";
import { FieldFault } from "./field-fault";
import { findWords, memberFacts } from "./members-words";
import { LetterList } from "./letter-list";
import { PlanForm } from "./plan-form";
import { SecondStepsForm } from "./second-steps-form";
import { StaffNav } from "./staff-nav";
import "./staff.css";
import "./members.css";

/** An account with what other domains hold of it. */
interface Found {
  readonly member: Member;
  readonly plan: Plan;
  readonly plans: readonly Plan[];
  readonly letters: Letters;
}

export default function MembersPage(): ReactNode {
  useDocumentTitle("Members");
  return (
    <Announcer>
      <SiteHeader />
      <main id="main" className="staff members" tabIndex={-1}>
        <h1>Staff</h1>
        <StaffNav />
        <Members />
      </main>
    </Announcer>
  );
}

function Members(): ReactNode {
  const { members, plans, letters } = useServices();
  const announce = useAnnounce();
  const [email, setEmail] = useState("");
  const [found, setFound] = useState<Found | null>(null);
  const [fault, setFault] = useState<string | null>(null);
  const [isBusy, setBusy] = useState(false);
  const field = useRef<HTMLInputElement>(null);
  const ids = { email: useId(), fault: useId() };

  const find = async (): Promise<void> => {
    const member = await members.find(email.trim());
    const [plan, all, sent] = await Promise.all([
      plans.of(member.accountId),
      plans.all(),
      letters.of(member.accountId),
    ]);
    setFound({ member, plan, plans: all, letters: sent });
    announce(`Found ${member.email}.`);
  };

  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (isBusy) return;
    setBusy(true);
    setFault(null);
    setFound(null);
    find()
      .catch((error: unknown) => {
        setFault(findWords(error));
        field.current?.focus();
      })
      .finally(() => setBusy(false));
  };

  return (
    <>
      <form className="upload-form" onSubmit={submit} noValidate aria-labelledby="find">
        <h2 id="find">Find a member</h2>
        <div className="field">
          <label htmlFor={ids.email}>E-mail</label>
          <input
            ref={field}
            id={ids.email}
            className="text-input"
            type="email"
            autoComplete="off"
            spellCheck={false}
            value={email}
            aria-invalid={fault !== null}
            aria-describedby={fault === null ? undefined : ids.fault}
            onChange={(event) => setEmail(event.target.value)}
          />
          <FieldFault id={ids.fault} words={fault} />
        </div>
        <button className="button button-primary" type="submit" aria-busy={isBusy}>
          Find
        </button>
      </form>
      {found !== null && (
        <MemberDetail
          key={found.member.accountId}
          found={found}
          onChange={(change) => setFound({ ...found, ...change })}
        />
      )}
    </>
  );
}

function MemberDetail({
  found,
  onChange,
}: {
  readonly found: Found;
  readonly onChange: (change: Partial<Found>) => void;
}): ReactNode {
  const { member, plan, plans } = found;
  return (
    <article className="member" aria-labelledby="member" data-testid="member">
      <h2 id="member">
        <bdi>{member.email}</bdi>
      </h2>
      <p className="asset-status" data-tone={member.block === null ? "good" : "bad"}>
        {member.block === null ? "Good" : "Blocked"}
      </p>
      <dl className="member-facts">
        {memberFacts(member).map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      <LetterList letters={found.letters} />
      <PlanForm
        accountId={member.accountId}
        plan={plan}
        plans={plans}
        onGiven={(given) => onChange({ plan: given, member: allowing(member, given) })}
      />
      <SecondStepsForm member={member} onChange={(changed) => onChange({ member: changed })} />
      <BlockForm member={member} onChange={(changed) => onChange({ member: changed })} />
    </article>
  );
}

/** Identity hears of a plan a moment after it was given: until then, what was given is shown. */
function allowing(member: Member, plan: Plan): Member {
  return { ...member, devicesAllowed: plan.devices };
}
