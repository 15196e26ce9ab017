/** How the viewer app is bundled and tested. Nothing of an environment is known here: see config.ts. */
import react from "@vitejs/plugin-react";
import type { Plugin } from "vite";
import { defineConfig } from "vitest/config";

/**
 * Writes watch.html beside index.html: the same page, for the player's addresses, with the engine
 * among what the browser fetches and compiles at once. edge/spa.js answers /watch/… with it.
 */
function watchShell(): Plugin {
  return {
    name: "watch-shell",
    enforce: "post",
    generateBundle: {
      order: "post",
      handler(_, bundle) {
        const page = bundle["index.html"];
        const engine = Object.values(bundle).find(
          (file) => file.type === "chunk" && file.facadeModuleId?.endsWith("/player/engine.ts"),
        );
        if (page?.type !== "asset" || engine === undefined) {
          this.error("There is no index.html or no chunk of player/engine.ts to make watch.html of.");
        }
        const preload = `<link rel="modulepreload" crossorigin href="/${engine.fileName}">`;
        const source = String(page.source).replace("</head>", `  ${preload}\n  </head>`);
        this.emitFile({ type: "asset", fileName: "watch.html", source });
      },
    },
  };
}

export default defineConfig({
  plugins: [react(), watchShell()],
  build: {
    target: "es2022",
    // Assets stay files: a data: URL would need its own exception in the content security policy.
    assetsInlineLimit: 0,
    // Shaka Player alone is 0.5 MB and rides in a chunk that only a player loads.
    chunkSizeWarningLimit: 600,
    rolldownOptions: {
      output: {
        // What everybody downloads is one file, not one for each thing that two pages share.
        codeSplitting: {
          groups: [{ name: "app", test: (id) => !/staff\/|player\/engine|shaka-player/.test(id) }],
        },
      },
    },
  },
  test: { environment: "node", include: ["src/**/*.test.ts"] },
});
