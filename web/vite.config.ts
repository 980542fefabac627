import react from '@vitejs/plugin-react';
import type { Plugin } from 'vite';
import { defineConfig } from 'vitest/config';

/**
 * Moves the style sheet behind the skeleton: a sheet in <head> holds back the first paint,
 * one at the end of <body> holds back only the scripts.
 */
const paintFirst: Plugin = {
  name: 'paint-first',
  transformIndexHtml: {
    order: 'post',
    handler(html) {
      const sheets = html.match(/<link rel="stylesheet"[^>]*>/g) ?? [];
      return sheets.reduce((out, tag) => out.replace(tag, ''), html).replace('</body>', `${sheets.join('')}</body>`);
    },
  },
};

const server = `http://127.0.0.1:${process.env.PORT ?? 3000}`;

export default defineConfig({
  plugins: [react(), paintFirst],
  server: {
    proxy: {
      '^/(api|auth|avatar|media|dev|health|rooms)(/|$)': server,
      '/socket.io': { target: server, ws: true },
    },
  },
  build: {
    target: 'es2020',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rollupOptions: { input: ['index.html', 'dev.html'] },
  },
  test: {
    environment: 'happy-dom',
    restoreMocks: true,
    include: ['src/**/*.test.{ts,tsx}'],
  },
});
