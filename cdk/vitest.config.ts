import { defineConfig } from 'vitest/config';

// the library takes seconds to load: all files share one process; one made host is enough for most of them
export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: 'test/setup.ts',
    isolate: false,
    pool: 'threads',
    poolOptions: { threads: { singleThread: true } },
    testTimeout: 120_000,
  },
});
