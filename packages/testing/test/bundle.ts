import { fileURLToPath } from 'node:url'
import { build, type BuildOptions, type Metafile } from 'esbuild'
import { root } from './packages/run.ts'

const fromSources = {
  absWorkingDir: root,
  bundle: true,
  format: 'esm',
  conditions: ['@junto/source'],
} satisfies BuildOptions

/** What a page loads: one of `fixtures/bundle`, minified, as a user's bundler would put it together from `dist`. */
export async function bundledPage(
  program: string,
): Promise<{ readonly code: Uint8Array; readonly output: Metafile['outputs'][string] }> {
  const { outputFiles, metafile } = await build({
    ...fromSources,
    entryPoints: [fileURLToPath(new URL(`./fixtures/bundle/${program}`, import.meta.url))],
    minify: true,
    platform: 'browser',
    target: 'es2022',
    metafile: true,
    write: false,
    outdir: 'out',
  })
  const [code] = outputFiles
  const [output] = Object.values(metafile.outputs)
  if (code === undefined || output === undefined) throw new Error('nothing was built')
  return { code: code.contents, output }
}

/** Writes a program for Node in one file, with which it is up in a moment, again and again. */
export async function bundleProgram(entry: string, outfile: string): Promise<void> {
  await build({
    ...fromSources,
    entryPoints: [entry],
    platform: 'node',
    target: 'node20',
    // What ws and others require.
    banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url)" },
    outfile,
  })
}
