// The console's build: one page, files named by the hash of their content, nothing from anywhere else, compressed once and for all.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

const assets = join(import.meta.dirname, 'dist', 'assets');

/** Beside each file a `.br` and a `.gz`, which the API sends to browsers that take them. */
const compressed = {
  name: 'compressed',
  closeBundle() {
    for (const name of readdirSync(assets).filter((each) => /\.(js|css|svg)$/.test(each))) {
      const bytes = readFileSync(join(assets, name));
      writeFileSync(join(assets, `${name}.gz`), gzipSync(bytes, { level: 9 }));
      const params = { [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length };
      writeFileSync(join(assets, `${name}.br`), brotliCompressSync(bytes, { params }));
    }
  },
};

export default defineConfig({
  plugins: [react(), compressed],
  build: {
    target: 'es2023',
    // Pictures stay files, so that the Content-Security-Policy is easy to read.
    assetsInlineLimit: 0,
    // Charts are one chunk, which is loaded when the first is shown.
    chunkSizeWarningLimit: 1_000,
  },
  // `vite`: the pages from here, everything else from a running API.
  server: { proxy: { '^/(v1|console|healthz|readyz|openapi.json|docs)': 'http://127.0.0.1:3400' } },
});
