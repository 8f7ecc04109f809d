import { describe, expect, it } from 'vitest'
import { ObservableValue } from './observable.ts'
import type { Warning } from './warnings.ts'

describe('an observable value', () => {
  it('tells its subscribers after each change', () => {
    const value = new ObservableValue('a', () => {})
    const seen: string[] = []
    const end = value.subscribe(() => seen.push(value.value))
    value.set('b')
    end()
    value.set('c')
    expect(seen).toEqual(['b'])
    expect(value.value).toBe('c')
  })

  it('survives subscribers that throw, end themselves, or are subscribed twice', () => {
    const warnings: Warning[] = []
    const value = new ObservableValue(0, (warning) => warnings.push(warning))
    let calls = 0
    const count = (): void => void calls++
    value.subscribe(() => {
      throw new Error('oops')
    })
    const end = value.subscribe(count)
    value.subscribe(count)
    value.set(1)
    end()
    end()
    value.set(2)
    expect(calls).toBe(3)
    expect(warnings).toHaveLength(2)
  })
})
