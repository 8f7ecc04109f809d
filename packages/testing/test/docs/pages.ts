import { readdir, readFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { root } from '../packages/run.ts'
import { parsePage, type Page } from './markdown.ts'

/** Every page of the repository, by its path within it. */
export async function readPages(): Promise<Map<string, Page>> {
  const pages = new Map<string, Page>()
  for (const path of (await markdownIn(root)).sort()) {
    pages.set(relative(root, path), parsePage(await readFile(path, 'utf8')))
  }
  return pages
}

async function markdownIn(folder: string): Promise<string[]> {
  const found: string[] = []
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) {
      if (entry.name !== 'node_modules' && entry.name !== 'dist' && !entry.name.startsWith('.')) {
        found.push(...(await markdownIn(path)))
      }
    } else if (entry.name.endsWith('.md')) {
      found.push(path)
    }
  }
  return found
}
