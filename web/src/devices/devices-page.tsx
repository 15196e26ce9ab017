/** Where the account is signed in, and the way to end that. */
import { type ReactNode, useCallback, useEffect, useRef, useState } from "react";
import type { Device, Devices, Which } from "../api/devices";
import { LoadFailure } from "../catalog/load-failure";
import { SiteHeader } from "../catalog/site-header";
import { useLeaving, WHAT_GOES } from "../downloads/leaving";
import { useServices } from "../services";
import { ConfirmDialog } from "../ui/confirm-dialog";
import { FaultNotice, useConfirmedAct } from "../ui/confirmed-act";
import { useDocumentTitle } from "../ui/document-title";
import { Spinner } from "../ui/spinner";
import { RenameForm } from "./rename-form";
import { deviceWords, moment, placesWords } from "./words";
import "./devices.css";

/** Something to be confirmed, then done. */
interface Act {
  readonly title: string;
  readonly detail: string;
  readonly button: string;
  readonly done: string;
  /** Whether it ends the sign-in that this page is used under. */
  readonly endsThis: boolean;
  readonly run: () => Promise<void>;
}

export default function DevicesPage(): ReactNode {
  const { devices: api, session } = useServices();
  const leaving = useLeaving();
  useDocumentTitle("Devices");
  const [found, setFound] = useState<Devices | null>(null);
  const [failure, setFailure] = useState<unknown>(null);
  const [said, say] = useState("");
  const heading = useRef<HTMLHeadingElement>(null);
  const { asked, isBusy, fault, ask, keep, run } = useConfirmedAct<Act>(heading);

  const load = useCallback(
    async (signal?: AbortSignal): Promise<void> => {
      try {
        setFound(await api.all(signal));
        setFailure(null);
      } catch (error) {
        if (signal?.aborted !== true) setFailure(error);
      }
    },
    [api],
  );
  useEffect(() => {
    const leaving = new AbortController();
    void load(leaving.signal);
    return () => leaving.abort();
  }, [load]);

  const done = async (act: Act): Promise<void> => {
    await act.run();
    if (act.endsThis) {
      await leaving.signOut();
      return;
    }
    say(act.done);
    await load();
  };

  const remove = async ({ deviceId }: Device): Promise<void> => {
    await api.remove(deviceId);
    // A device without a place is given one when it renews.
    const isWaiting = found?.devices.some(({ isThis, isRegistered }) => isThis && !isRegistered);
    if (isWaiting === true) await session.renew();
  };

  const rename = async (device: Device, name: string): Promise<void> => {
    await api.rename(device.deviceId, name);
    say(`It is called ${name} now.`);
    await load();
  };

  return (
    <>
      <SiteHeader />
      <main id="main" className="devices" tabIndex={-1} aria-busy={found === null}>
        <h1 ref={heading} tabIndex={-1}>
          Devices
        </h1>
        {found === null && failure === null && <Spinner label="Loading your devices" />}
        {found === null && failure !== null && (
          <LoadFailure error={failure} retry={() => void load()} />
        )}
        <p className="visually-hidden" role="status">
          {said}
        </p>
        <FaultNotice fault={fault} returnTo="/devices" />
        {found !== null && (
          <>
            <p className="devices-places">{placesWords(found)}</p>
            <ul className="devices-list">
              {found.devices.map((device) => (
                <DeviceRow
                  key={device.deviceId}
                  device={device}
                  onRename={(name) => rename(device, name)}
                  onSignOut={() =>
                    ask(signingOut(device, () => api.signOut(device.deviceId)))
                  }
                  onRemove={() => ask(removing(device, () => remove(device)))}
                />
              ))}
            </ul>
            <div className="devices-all">
              {(["others", "everywhere"] as const).map((which) => (
                <button
                  key={which}
                  className="button"
                  type="button"
                  onClick={() => ask(signingOutAll(which, () => api.signOutAll(which)))}
                >
                  {ALL[which].button}
                </button>
              ))}
            </div>
          </>
        )}
        {asked !== null && (
          <ConfirmDialog
            title={asked.title}
            act={asked.button}
            keep="Cancel"
            isBusy={isBusy}
            onAct={() => void run(() => done(asked))}
            onKeep={keep}
          >
            <p>{asked.detail}</p>
            {asked.endsThis && leaving.takesDownloads && <p>{WHAT_GOES}</p>}
          </ConfirmDialog>
        )}
      </main>
    </>
  );
}

function DeviceRow({
  device,
  onRename,
  onSignOut,
  onRemove,
}: {
  readonly device: Device;
  readonly onRename: (name: string) => Promise<void>;
  readonly onSignOut: () => void;
  readonly onRemove: () => void;
}): ReactNode {
  const headingId = `device-${device.deviceId}`;
  return (
    <li className="device" data-testid="device">
      <article aria-labelledby={headingId}>
        <h2 id={headingId}>
          <bdi>{device.name}</bdi>
        </h2>
        <p className="device-facts">{deviceWords(device)}</p>
        <p className="device-facts">Last used {moment(device.lastSeen)}</p>
        {device.sessions.map((began) => (
          <p key={began} className="device-facts">
            Signed in {moment(began)}
          </p>
        ))}
        <div className="device-actions">
          <RenameForm name={device.name} onRename={onRename} />
          {device.sessions.length > 0 && (
            <button
              className="button"
              type="button"
              aria-label={`Sign out ${device.name}`}
              onClick={onSignOut}
            >
              Sign out
            </button>
          )}
          <button
            className="button"
            type="button"
            aria-label={`Remove ${device.name}`}
            onClick={onRemove}
          >
            Remove
          </button>
        </div>
      </article>
    </li>
  );
}

function signingOut(device: Device, run: () => Promise<void>): Act {
  return {
    title: `Sign out ${device.name}?`,
    detail: "Whoever uses it has to sign in again. It keeps its place among your devices.",
    button: "Sign out",
    done: `${device.name} was signed out.`,
    endsThis: device.isThis,
    run,
  };
}

function removing(device: Device, run: () => Promise<void>): Act {
  return {
    title: `Remove ${device.name}?`,
    detail:
      "It is signed out. The places of the first two devices that you remove in 30 days are free " +
      "at once, those of more are free later.",
    button: "Remove",
    done: `${device.name} was removed.`,
    endsThis: device.isThis,
    run,
  };
}

const ALL: Readonly<Record<Which, { readonly button: string; readonly detail: string }>> = {
  others: { button: "Sign out all other devices", detail: "This device stays signed in." },
  everywhere: {
    button: "Sign out everywhere",
    detail: "This device is signed out, too. If somebody else knows your password, change it.",
  },
};

function signingOutAll(which: Which, run: () => Promise<void>): Act {
  const { button, detail } = ALL[which];
  return {
    title: `${button}?`,
    detail,
    button: "Sign out",
    done: "All other devices were signed out.",
    endsThis: which === "everywhere",
    run,
  };
}
