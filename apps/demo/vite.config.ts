import { defineConfig } from "vite";

export default defineConfig({
  root: import.meta.dirname,
  // Everything is a file of its own: the content security policy allows neither inline scripts nor data: fonts.
  build: { outDir: "dist/page", emptyOutDir: true, assetsInlineLimit: 0, modulePreload: { polyfill: false } },
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
});
