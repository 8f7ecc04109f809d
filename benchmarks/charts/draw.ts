import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { allRecorded } from '../recorded.ts'
import { charts } from './catalogue.ts'
import { drawings } from './drawings.ts'
import { fillPage } from './page.ts'
import { installLibrary, toSvg } from './svg.ts'

const repository = new URL('../../', import.meta.url)
export const pageFile = 'docs/benchmarks.md'
export const imageFolder = 'docs/images/benchmarks/'

/**
 * Draws the charts of what is recorded, and fills in the tables of docs/benchmarks.md. Nothing is measured. The first time, Vega-Lite is installed: 25 MB in a
 * folder of its own, benchmarks/charts/vega-lite.
 *
 * @param say Is told what takes time.
 * @returns the paths of the files within the repository.
 * @throws PackagesUnavailable when Vega-Lite cannot be fetched.
 */
export async function draw(say: (text: string) => void): Promise<string[]> {
  const runs = allRecorded()
  installLibrary(say)
  const images = new URL(imageFolder, repository)
  mkdirSync(images, { recursive: true })
  const wanted = drawings(charts, runs)
  for (const name of readdirSync(images)) {
    if (!wanted.some(({ file }) => file === name)) rmSync(new URL(name, images))
  }
  for (const { file, specification, description } of wanted) {
    writeFileSync(new URL(file, images), await toSvg(specification, description))
  }
  const page = new URL(pageFile, repository)
  writeFileSync(page, fillPage(readFileSync(page, 'utf8'), charts, runs))
  return [...wanted.map(({ file }) => imageFolder + file), pageFile]
}
