import { join } from 'node:path'
import { defaultClientConditions, defineConfig } from 'vite'

export default defineConfig({
  root: join(import.meta.dirname, 'page'),
  // The packages from their sources: nothing has to be built before.
  resolve: { conditions: ['@junto/source', ...defaultClientConditions] },
  build: { outDir: '../dist', emptyOutDir: true, target: 'es2022' },
})
