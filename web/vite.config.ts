/** How the viewer app is bundled and tested. Nothing of an environment is known here: see config.ts. */
import react from "@vitejs/plugin-react";
import type { Plugin } from "vite";
import { defineConfig } from "vitest/config";

/**
 * Names in the pages what the entry imports only when it runs, for the browser to fetch with it: the
 * app everywhere, and the player's engine in watch.html, the same page for the player's addresses.
 * edge/spa.js answers /watch/… with it.
 */
function preloads(): Plugin {
  return {
    name: "preloads",
    enforce: "post",
    generateBundle: {
      order: "post",
      handler(_, bundle) {
        const page = bundle["index.html"];
        const chunks = Object.values(bundle).filter((file) => file.type === "chunk");
        const chunkOf = (module: string): (typeof chunks)[number] => {
          const chunk = chunks.find(({ moduleIds }) => moduleIds.some((id) => id.endsWith(module)));
          return chunk ?? this.error(`There is no chunk with ${module}.`);
        };
        if (page?.type !== "asset") this.error("There is no index.html.");
        const [entry, app] = [chunkOf("/src/main.ts"), chunkOf("/src/pages-root.tsx")];
        if (entry.imports.includes(app.fileName)) this.error("The entry waits for the app.");
        const link = (rel: string, file: string): string =>
          `<link rel="${rel}" crossorigin href="/${file}">`;
        const links = [
          ...[...(app.viteMetadata?.importedCss ?? [])].map((file) => link("stylesheet", file)),
          ...chunks.filter(({ facadeModuleId }) => facadeModuleId?.endsWith("/src/pages-root.tsx"))
            .map(({ fileName }) => link("modulepreload", fileName)),
          link("modulepreload", app.fileName),
        ];
        const withLinks = (extra: readonly string[]): string =>
          String(page.source).replace("</head>", `  ${[...extra, ...links].join("\n    ")}\n  </head>`);
        const engine = chunkOf("/player/engine.ts");
        const source = withLinks([link("modulepreload", engine.fileName)]);
        this.emitFile({ type: "asset", fileName: "watch.html", source });
        page.source = withLinks([]);
      },
    },
  };
}

/**
 * Names in parts.json all files that a person at home needs, for public/sw.js to keep. What staff
 * work with is left out.
 */
function parts(): Plugin {
  return {
    name: "parts",
    enforce: "post",
    generateBundle: {
      order: "post",
      handler(_, bundle) {
        const names = Object.keys(bundle).filter((name) => /^assets\/(?!staff)/.test(name));
        const source = JSON.stringify(names.map((name) => `/${name}`).sort());
        this.emitFile({ type: "asset", fileName: "parts.json", source });
      },
    },
  };
}

/** What plays a film without drawing anything: it runs while the rest is still being read. */
const FIRST =
  /\/src\/(main|composition|config|routing|api\/[^/]+|auth\/(?!proofs)[^/]+|player\/(?!engine|use-|key)[^/]+)\.ts$|\/index\.html$|node_modules\/react\/|^.?(vite|rolldown)\//;

export default defineConfig({
  plugins: [react(), preloads(), parts()],
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
          groups: [
            { name: "first", test: FIRST },
            { name: "app", test: (id) => !/staff\/|auth\/proofs|browser-database|src\/(devices|downloads|history|profiles)\/|player\/engine|shaka-player/.test(id) },
          ],
        },
      },
    },
  },
  test: { environment: "node", include: ["src/**/*.test.ts"] },
});
