/** How the viewer app is bundled and tested. Nothing of an environment is known here: see config.ts. */
import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

export default defineConfig({
  plugins: [react()],
  build: {
    target: "es2022",
    // Assets stay files: a data: URL would need its own exception in the content security policy.
    assetsInlineLimit: 0,
    // Shaka Player alone is 0.5 MB and rides in a chunk that only the watch page loads.
    chunkSizeWarningLimit: 600,
  },
  test: { environment: "node", include: ["src/**/*.test.ts"] },
});
