import { createRoot } from "react-dom/client";
import { App } from "./app";
import { loadConfig } from "./config";
import { createServices } from "./services";
import "./ui/tokens.css";
import "./ui/base.css";
import { Message } from "./ui/message";

const element = document.getElementById("root");
if (element === null) throw new Error("index.html has no #root");
const root = createRoot(element);

try {
  root.render(<App services={createServices(await loadConfig())} />);
} catch {
  root.render(
    <Message title="Marquee is not answering" detail="Check your network, then try again.">
      <button className="button" type="button" onClick={() => location.reload()}>
        Try again
      </button>
    </Message>,
  );
}
