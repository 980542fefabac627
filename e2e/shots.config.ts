import { defineConfig } from 'vitest/config';

/** Pictures are for looking at, so they are no part of the tests: npm run shots. */
export default defineConfig({ test: { include: ['*.shot.ts'], maxWorkers: 2, testTimeout: 120_000 } });
