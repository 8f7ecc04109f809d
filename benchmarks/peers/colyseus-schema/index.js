// Here the package is found in this folder's node_modules, and as an ES module.
export * from '@colyseus/schema'
