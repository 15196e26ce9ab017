/** What the account may do, and the ways to change it. */
import type { ReactNode } from "react";
import { useLoaded } from "../api/use-loaded";
import { LoadFailure } from "../catalog/load-failure";
import { SiteHeader } from "../catalog/site-header";
import { useServices } from "../services";
import { useDocumentTitle } from "../ui/document-title";
import { Link } from "../ui/link";
import { Spinner } from "../ui/spinner";
import { planLimits, planName } from "./plan-words";
import "./account.css";

export default function AccountPage(): ReactNode {
  const { plans, accountUrl } = useServices();
  useDocumentTitle("Account");
  const plan = useLoaded("plan", plans.own);
  return (
    <>
      <SiteHeader />
      <main id="main" className="account" tabIndex={-1} aria-busy={plan.status === "loading"}>
        <h1>Account</h1>
        <section aria-labelledby="plan">
          <h2 id="plan">Your plan</h2>
          {plan.status === "loading" && <Spinner label="Loading your plan" />}
          {plan.status === "failed" && <LoadFailure error={plan.error} retry={plan.retry} />}
          {plan.status === "ready" && (
            <>
              <p className="account-plan">{planName(plan.value.plan)}</p>
              <ul className="account-limits">
                {planLimits(plan.value).map((limit) => (
                  <li key={limit}>{limit}</li>
                ))}
              </ul>
            </>
          )}
        </section>
        <section aria-labelledby="settings">
          <h2 id="settings">Settings</h2>
          <div className="account-ways">
            <Link to="/profiles/manage" className="button">
              Profiles
            </Link>
            <Link to="/devices" className="button">
              Devices
            </Link>
            <a className="button" href={accountUrl}>
              Address, password and your data
            </a>
          </div>
          <p className="account-hint">Changes of the account ask for your password.</p>
        </section>
      </main>
    </>
  );
}
