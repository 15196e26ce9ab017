/** What runs first: begins what the address plays, and draws the app when its script is there. */
import { createServices } from "./composition";
import { loadConfig } from "./config";
import { followAddress } from "./player/follow-address";
import { pictureFirst } from "./player/picture-first";

async function run(element: Element): Promise<void> {
  const config = await loadConfig().catch(() => null);
  const services = config === null ? null : createServices(config);
  if (services !== null) {
    followAddress(services);
    await pictureFirst(services.openings, element);
  }
  // The browser has it since it read the page: what was left for now is running it.
  const { draw } = await import("./pages-root");
  draw(element, services);
}

const element = document.getElementById("root");
if (element === null) throw new Error("index.html has no #root");
// Not awaited: the app's script imports this one, and would wait for it for ever.
void run(element);
