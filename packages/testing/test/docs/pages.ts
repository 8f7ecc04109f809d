import { readdir, readFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { root } from '../packages/run.ts'
import { parseComments, parsePage, type Page } from './markdown.ts'

/** Every page of the repository, by its path within it. */
export async function readPages(): Promise<Map<string, Page>> {
  const pages = new Map<string, Page>()
  for (const path of await filesIn(root, (name) => name.endsWith('.md'))) {
    pages.set(relative(root, path), parsePage(await readFile(path, 'utf8')))
  }
  return pages
}

/** The doc comments of the packages' sources, by the path of the file. */
export async function readComments(): Promise<Map<string, Page>> {
  const pages = new Map<string, Page>()
  const isSource = (name: string): boolean => name.endsWith('.ts') && !/\.(test|fixture)\.ts$/.test(name)
  for (const name of await readdir(join(root, 'packages'))) {
    for (const path of await filesIn(join(root, 'packages', name, 'src'), isSource)) {
      pages.set(relative(root, path), parseComments(await readFile(path, 'utf8')))
    }
  }
  return pages
}

async function filesIn(folder: string, test: (name: string) => boolean): Promise<string[]> {
  const found: string[] = []
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) {
      if (entry.name !== 'node_modules' && entry.name !== 'dist' && !entry.name.startsWith('.')) {
        found.push(...(await filesIn(path, test)))
      }
    } else if (test(entry.name)) {
      found.push(path)
    }
  }
  return found.sort()
}
