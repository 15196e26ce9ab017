/** Draws the app; or, without services, that there is none. */
import { createRoot } from "react-dom/client";
import { App } from "./app";
import type { Services } from "./composition";
import "./ui/tokens.css";
import "./ui/base.css";
import { Message } from "./ui/message";

export function draw(element: Element, services: Services | null): void {
  const root = createRoot(element);
  if (services !== null) return root.render(<App services={services} />);
  root.render(
    <Message title="Marquee is not answering" detail="Check your network, then try again.">
      <button className="button" type="button" onClick={() => location.reload()}>
        Try again
      </button>
    </Message>,
  );
}
