/** Where staff upload films, follow them, and clear up what went wrong. */
import { type ReactNode, useEffect, useRef, useSyncExternalStore } from "react";
import { SiteHeader } from "../catalog/site-header";
import { useServices } from "../services";
import { useDocumentTitle } from "../ui/document-title";
import "../ui/status.css";
import { Announcer, useAnnounce } from "./announcer";
import { AssetList } from "./asset-list";
import type { Feed } from "./feed";
import { sendingOf } from "./sending";
import type { Upload } from "./upload";
import { UploadForm } from "./upload-form";
import { StaffNav } from "./staff-nav";
import { useFeed } from "./use-feed";
import * as words from "./words";
import "./staff.css";

export default function StaffPage(): ReactNode {
  useDocumentTitle("Staff");
  const services = useServices();
  const sending = sendingOf(services);
  const uploads = useSyncExternalStore(sending.subscribe, sending.uploads);
  const [feed, view] = useFeed();
  return (
    <Announcer>
      <SiteHeader />
      <main id="main" className="staff" tabIndex={-1}>
        <h1>Staff</h1>
        <StaffNav />
        <UploadForm onBegun={feed.refresh} />
        <AssetList feed={feed} view={view} uploads={uploads} />
        {uploads.map((upload) => (
          <Milestones key={upload.assetId} upload={upload} feed={feed} />
        ))}
      </main>
    </Announcer>
  );
}

/** Says how far an upload is, at each quarter, and shows at once what comes of its end. */
function Milestones({
  upload,
  feed,
}: {
  readonly upload: Upload;
  readonly feed: Feed;
}): ReactNode {
  const announce = useAnnounce();
  const view = useSyncExternalStore(upload.subscribe, upload.view);
  const quarter = Math.floor(words.percent(view.sentBytes, view.sizeBytes) / 25);
  const said = useRef({ quarter, state: view.state });

  useEffect(() => {
    const before = said.current;
    said.current = { quarter, state: view.state };
    if (before.state !== view.state) {
      announce(`${view.name}: ${words.statusOf("uploading", view)[0]}.`);
      if (view.state === "done" || view.state === "gone") feed.refresh();
    } else if (before.quarter < quarter && view.state === "sending") {
      announce(`${view.name}: ${quarter * 25} % uploaded.`);
    }
  }, [quarter, view, announce, feed]);
  return null;
}
