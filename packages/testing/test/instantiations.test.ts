import { afterAll, beforeAll, expect, it } from 'vitest'
import { calls, everyCall, LargeContract } from './instantiations.fixture.ts'

const most = 10_000

let large: LargeContract

beforeAll(async () => {
  large = await LargeContract.emitted()
}, 60_000)

afterAll(() => large[Symbol.asyncDispose]())

it('checking a client that uses all of a contract with 300 calls stays within its budget', async () => {
  const used = await large.clientCost()
  console.log(`a client of a contract with ${calls.length} calls: ${used} instantiations`)
  expect(used).toBeLessThanOrEqual(most)
  // The types are really there.
  const wrong = everyCall.replace('of_call7: 1', "of_call7: '1'")
  await expect(large.instantiations('wrong', wrong)).rejects.toThrow("Type 'string' is not assignable to type 'number'")
  const trusting = everyCall.replace('item.notes?.length ?? 0', 'item.notes.length')
  await expect(large.instantiations('trusting', trusting)).rejects.toThrow("'item.notes' is possibly 'undefined'")
}, 60_000)
