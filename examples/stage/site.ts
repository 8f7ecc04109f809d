import { readdir, readFile } from 'node:fs/promises'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { extname, join, relative, sep } from 'node:path'

/** Answers requests for the page. */
export type Site = (request: IncomingMessage, response: ServerResponse) => void

/** Whether the page itself answers at this path, such as `/b/team-a`, beside the files that it loads. */
export type IsPage = (path: string) => boolean

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
}
const headers = {
  'content-security-policy': "default-src 'self'; connect-src 'self' ws: wss:; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
}

/**
 * The page of an example, as it was built; with `--dev`, as it is written.
 *
 * @param root The example's folder.
 * @param server What answers, for what development tells the page.
 */
export function siteOf(root: string, server: Server, isPage: IsPage): Promise<Site> {
  return process.argv.includes('--dev') ? developmentSite(root, server, isPage) : builtSite(join(root, 'dist'), isPage)
}

/**
 * The page as it was built. Its few files are read once: a request can name no other file.
 *
 * @throws Error when there is no built page.
 */
async function builtSite(folder: string, isPage: IsPage): Promise<Site> {
  const files = new Map<string, { body: Buffer; type: string }>()
  const found = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => [])
  for (const entry of found) {
    if (!entry.isFile()) continue
    const file = join(entry.parentPath, entry.name)
    const type = types[extname(file)] ?? 'application/octet-stream'
    files.set(`/${relative(folder, file).split(sep).join('/')}`, { body: await readFile(file), type })
  }
  if (!files.has('/index.html')) throw new Error(`There is no built page in ${folder}: npm start builds it first.`)
  return (request, response) => {
    const path = pathOf(request)
    const file = files.get(isPage(path) ? '/index.html' : path)
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.writeHead(405, { allow: 'GET, HEAD' }).end()
    } else if (file === undefined) {
      response.writeHead(404, { ...headers, 'content-type': 'text/plain' }).end('There is nothing here.\n')
    } else {
      // Vite names files by their content, so that one that is there never changes.
      const cache = path.startsWith('/assets/') ? 'public, max-age=31536000, immutable' : 'no-cache'
      response.writeHead(200, {
        ...headers,
        'content-type': file.type,
        'content-length': file.body.length,
        'cache-control': cache,
      })
      response.end(request.method === 'HEAD' ? undefined : file.body)
    }
  }
}

/** The page as it is written, which changes in the browser while it is edited. */
async function developmentSite(root: string, server: Server, isPage: IsPage): Promise<Site> {
  // Loaded here, because only development needs it.
  const { createServer } = await import('vite')
  const vite = await createServer({
    configFile: join(root, 'vite.config.ts'),
    server: { middlewareMode: true, hmr: { server } },
  })
  return (request, response) => {
    if (isPage(pathOf(request))) request.url = '/index.html'
    vite.middlewares(request, response)
  }
}

function pathOf({ url = '/' }: IncomingMessage): string {
  return new URL(url, 'http://page').pathname
}
