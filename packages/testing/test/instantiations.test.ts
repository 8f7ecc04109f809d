import { afterAll, beforeAll, expect, it } from 'vitest'
import { calls, everyCall, everyMutator, LargeContract, mutations } from './instantiations.fixture.ts'

const most = 10_000
/** A mutator is a function to be checked, and `error` in it is generic: that alone is a third. */
const mostOfMutators = 20_000

let large: LargeContract

beforeAll(async () => {
  large = await LargeContract.emitted()
})

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
})

it('writing the mutators of a contract with 300 mutations stays within its budget', async () => {
  const used = await large.mutatorsCost()
  console.log(`the mutators of a contract with ${mutations.length} mutations: ${used} instantiations`)
  expect(used).toBeLessThanOrEqual(mostOfMutators)
  // The types are really there.
  const wrong = everyMutator.replace('by_mutation7: of_mutation7', "by_mutation7: 'many'")
  await expect(large.instantiations('wrong-mutator', wrong)).rejects.toThrow(
    "Type 'string' is not assignable to type 'number'",
  )
})
