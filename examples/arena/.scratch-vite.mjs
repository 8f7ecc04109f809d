import { defineConfig, defaultClientConditions } from 'vite'
import { join } from 'node:path'
export default defineConfig({
  root: join(import.meta.dirname, 'page'),
  resolve: { conditions: ['@junto/source', ...defaultClientConditions] },
  build: { outDir: '../dist', emptyOutDir: true, target: 'es2022' },
  plugins: [
    {
      name: 'mock',
      enforce: 'pre',
      transform(code, id) {
        if (id.endsWith('page/link.ts'))
          return code
            .replace('  optimistic,\n', '')
            .replace(', mutators: optimistic(arenaMutators)', '')
            .replace("import { arenaMutators } from '../mutators.ts'\n", '')
      },
    },
  ],
})
