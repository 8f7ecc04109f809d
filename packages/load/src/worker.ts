// A process with bots. The one that has started it tells it what to do, and collects what it measures.
import { openSocket } from '@junto/client/node-socket'
import { Crew } from './crew.ts'
import { loadScenario } from './load-scenario.ts'
import type { FromWorker, ToWorker } from './messages.ts'
import { reach } from './reach.ts'
import { Recorder } from './recorder.ts'
import { SystemClock } from './system-clock.ts'
import { isUsageError } from './usage-error.ts'
import { UsageMeter } from './usage.ts'

/** Milliseconds between reports. */
const reportInterval = 250

const clock = new SystemClock()
const recorder = new Recorder(() => clock.now())
const [file = '', tsconfig] = process.argv.slice(2)

function tell(message: FromWorker): void {
  process.send?.(message)
}

// Of the terminal's Ctrl+C the other process tells in its own time.
process.on('SIGINT', () => {})
process.on('disconnect', () => process.exit(1))
// What a bot has begun and does not wait for belongs to no bot. It must not end the others.
process.on('uncaughtException', (error) => recorder.error('unhandled in the scenario', error))
process.on('unhandledRejection', (error) => recorder.error('unhandled in the scenario', error))

try {
  const scenario = await loadScenario(file, tsconfig)
  const { url, bots, ramp, hold, processes, thresholds, seed } = scenario
  process.on('message', (message: ToWorker) => {
    switch (message.kind) {
      case 'reach':
        void reach(message.url, openSocket, clock).then((fault) =>
          tell(fault === undefined ? { kind: 'reached' } : { kind: 'fault', message: fault }),
        )
        break
      case 'run':
        run(new Crew({ scenario, plan: message.plan, index: message.index, clock, recorder, openSocket }))
        break
      case 'stop':
        break
    }
  })
  const settings = { url, bots, ramp, hold, processes, thresholds, seed }
  // Only what was given: `undefined` is no setting.
  tell({
    kind: 'loaded',
    settings: Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined)),
  })
} catch (error) {
  tell({ kind: 'fault', message: isUsageError(error) ? error.message : String(error) })
}

function run(crew: Crew): void {
  const meter = new UsageMeter(clock)
  const report = (): void => {
    const { up, ended } = crew
    tell({ kind: 'report', figures: recorder.take(), usage: meter.take(), up, ended })
  }
  let cancel = (): void => {}
  const beat = (): void => {
    cancel = clock.after(reportInterval, beat)
    report()
  }
  cancel = clock.after(reportInterval, beat)
  process.on('message', (message: ToWorker) => {
    if (message.kind !== 'stop') return
    cancel()
    const up = crew.up
    const ending = crew.stop()
    // What was measured until now; nothing counts any more.
    tell({ kind: 'report', figures: recorder.take(), usage: meter.take(), up, ended: crew.ended })
    void ending.then((stuck) => tell({ kind: 'done', stuck }))
  })
  crew.start()
}
