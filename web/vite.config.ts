import react from '@vitejs/plugin-react';
import { defineConfig } from 'vitest/config';
import { inlineBoot, inlineStyles } from './scripts/page.ts';

const server = `http://127.0.0.1:${process.env.PORT ?? 3000}`;

export default defineConfig({
  plugins: [react(), inlineBoot(), inlineStyles()],
  server: {
    proxy: {
      '^/(api|auth|avatar|media|health|rooms)(/|$)': server,
      '^/dev/': server,
      '^/dev$': { target: server, bypass: () => '/dev.html' },
      '/socket.io': { target: server, ws: true },
    },
  },
  build: {
    target: 'es2020',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // How long a slow machine takes for it is no warning about this project.
    rollupOptions: { input: ['index.html', 'dev.html'], checks: { bundlerTimings: false } },
  },
  test: {
    environment: 'happy-dom',
    restoreMocks: true,
    // What is waited for comes; a machine with other work lets it come late.
    testTimeout: 20_000,
    include: ['src/**/*.test.{ts,tsx}'],
  },
});
