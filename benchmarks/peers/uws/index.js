import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'

// uWebSockets.js is not in the npm registry: its project publishes on GitHub only. These two are copies of it that others keep there, with the
// project's binaries inside. The binary of the newer one needs glibc 2.38, which is in distributions of 2024 and later. The older one is for
// Node 20, and its binary is taken directly, because its entry would quietly do without one.
const require = createRequire(import.meta.url)
const { platform, arch, versions } = process
const copies = [
  { folder: 'uWebSockets.js', entry: 'uws.js' },
  { folder: 'uWebSockets.js-20.30', entry: `binaries/uws_${platform}_${arch}_${versions.modules}.node` },
]

function load() {
  const reasons = []
  for (const { folder, entry } of copies) {
    const path = `./node_modules/${folder}`
    const { version } = JSON.parse(readFileSync(new URL(`${path}/package.json`, import.meta.url), 'utf8'))
    try {
      return { version, uws: require(`${path}/${entry}`) }
    } catch (error) {
      reasons.push(`${version}: ${error.message}`)
    }
  }
  throw new Error(`no copy of uWebSockets.js loads here:\n${reasons.join('\n')}`)
}

const loaded = load()
export default loaded.uws
/** Of the copy that loaded. */
export const { version } = loaded
