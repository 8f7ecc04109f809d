import { describe, expect, it } from 'vitest'
import { compileLayout } from './compiled-layout.ts'
import { defineRoom } from './contract.ts'
import { layoutOf } from './contract-layout.ts'
import { LayoutCache } from './layout-cache.ts'
import * as t from './types.ts'

function compiled(name: string, version: number) {
  return compileLayout(
    layoutOf(defineRoom(name, { version, state: t.Object({}), clientToServer: {}, serverToClient: {} })),
  )
}

describe('a layout cache', () => {
  it('names the layouts it holds for a room, the last used first', () => {
    const cache = new LayoutCache()
    const [one, two, other] = [compiled('a', 1), compiled('a', 2), compiled('b', 1)]
    for (const layout of [one, two, other]) cache.set(layout.hash, layout)
    expect(cache.hashesFor('a')).toEqual([two.hash, one.hash])
    expect(cache.get(one.hash)).toBe(one)
    cache.set(one.hash, one)
    expect(cache.hashesFor('a')).toEqual([one.hash, two.hash])
    expect(cache.hashesFor('c')).toEqual([])
  })

  it('forgets the least recently used', () => {
    const cache = new LayoutCache(2)
    const [one, two, three] = [compiled('a', 1), compiled('a', 2), compiled('a', 3)]
    cache.set(one.hash, one)
    cache.set(two.hash, two)
    cache.set(one.hash, one)
    cache.set(three.hash, three)
    expect(cache.get(two.hash)).toBeUndefined()
    expect(cache.get(one.hash)).toBe(one)
  })

  it('compiles a layout once', () => {
    const { layout } = compiled('a', 1)
    expect(compileLayout(layout)).toBe(compileLayout(layout))
  })
})
