import { expect } from 'vitest'
import { runs } from '../../src/index.ts'
import { count, type Account } from './ledger.ts'
import { simulate } from './simulation.ts'

/** Files that share the seeds of an ordinary run of the tests, so that two of them run at a time. */
export const shares = 4

/** Seeds that all shares play together. */
const seedsInAll = 1000

/**
 * What must have happened in each share, and how often at least: so often that a hundred seeds have it many times over. Whoever
 * changes the simulation sees here what it would no longer show.
 */
const least: Readonly<Record<string, number>> = {
  // Faults of the network, of pages and of servers.
  cut: 200,
  'cuts to come': 400,
  stall: 50,
  halfOpen: 50,
  offline: 50,
  slow: 20,
  reload: 50,
  crash: 5,
  restart: 10,
  kill: 5,
  kicks: 10,
  leaves: 10,
  // What became of it.
  drops: 500,
  'onResume resumed': 300,
  'onResume resynced': 30,
  'onResume missed': 20,
  'recovery resumed': 300,
  'recovery resynced': 50,
  rejoined: 50,
  missed: 10,
  unsent: 10,
  restored: 10,
  'left kicked': 10,
  'left disconnected': 10,
  kept: 20,
  awaited: 50,
  'seat kept over a restart': 30,
  'restored in order': 15,
  safe: 30,
  // Rooms that are found.
  'duel by wish': 200,
  'duel by create': 30,
  'duel by code': 5,
  'duel by code already_joined': 3,
  'duel kept': 15,
  'duels made for want of one': 150,
  'duel left closed': 8,
  'duel left expired': 40,
  'duel left idle': 40,
  'duel left kicked': 8,
  turns: 15,
  lists: 60,
  'list changes': 100,
  listed: 25,
  // What members show.
  shown: 500,
  'shown for a while': 8,
  'shown no more': 8,
  'presences seen': 500,
  'presences right': 150,
  vanished: 200,
  // What was under way.
  applied: 500,
  'applied, odd': 50,
  'apply outcome_unknown': 10,
  'apply timeout': 10,
  'apply disconnected': 5,
  read: 200,
  waited: 50,
  'wait cancelled': 20,
  asked: 100,
  'ask outcome_unknown': 5,
  'streams read': 150,
  'stream outcome_unknown': 5,
  'say sent': 800,
  'say queued': 100,
  'say dropped': 5,
  'aim queued': 30,
  'wave dropped': 20,
  'wave sent': 80,
  // Mutations, inputs, and what clients show before the server has answered.
  'mutations run': 300,
  'shown at once': 60,
  'draw ok': 250,
  'draw odd': 25,
  'correction rejected': 25,
  'correction corrected': 20,
  'undo done': 15,
  stamps: 500,
  drives: 5,
  honks: 5,
  'inputs applied': 200,
  'races proved': 8,
  // How the server saw it.
  'metric catch_ups{room=sim}': 30,
  'metric resumes{outcome=reloaded}': 10,
  'metric connections_closed{reason=replaced}': 10,
  'metric connections_closed{reason=silent}': 5,
  'metric sessions_expired{reason=window}': 2,
}

/** Plays the seeds of a share, from 0 on, and looks whether enough has happened in them. */
export async function playShare(share: number): Promise<void> {
  const { numRuns, seed: only } = runs(seedsInAll / shares)
  const seeds = only === undefined ? Array.from({ length: numRuns }, (_, n) => 1 + share + n * shares) : [only]
  const sum: Account = new Map()
  for (const seed of seeds) {
    for (const [what, times] of await simulate(seed)) count(sum, what, times)
  }
  if (only !== undefined) return
  const rare = Object.entries(least).filter(([what, times]) => (sum.get(what) ?? 0) < times)
  expect(rare.map(([what, times]) => `${what}: ${sum.get(what) ?? 0} times, not ${times}`)).toEqual([])
}
