// `npm run bench -- NAME` runs benchmarks/NAME.ts; every such file exports a function `run`.
const name = process.argv[2]
if (name === undefined || !/^[a-z][a-z0-9-]*$/.test(name)) {
  console.error('usage: npm run bench -- NAME')
  process.exit(2)
}
const benchmark: { run(args: string[]): Promise<void> } = await import(new URL(`./${name}.ts`, import.meta.url).href)
await benchmark.run(process.argv.slice(3))
