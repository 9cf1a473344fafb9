import { defineConfig } from 'vite';

export default defineConfig({
  base: './',
  build: {
    // The page's content security policy allows files of its own only, no data: URLs for fonts or scripts.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 1200,
  },
});
