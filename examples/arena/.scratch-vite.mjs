import { defineConfig } from 'vite'
import { join } from 'node:path'
export default defineConfig({
  root: join(import.meta.dirname, 'page'),
  build: { outDir: '/tmp/junto/A6/dist', emptyOutDir: true, target: 'es2022' },
  plugins: [
    {
      name: 'mock',
      enforce: 'pre',
      resolveId(id, imp) {
        if (id === './link.ts' && !imp.includes('mock')) return '/tmp/junto/A6/mock-link.ts'
      },
    },
  ],
})
