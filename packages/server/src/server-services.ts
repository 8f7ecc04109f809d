import { Clock, RandomSource } from '@junto/protocol'
import type { Limits } from '@junto/protocol'
import { ServerLimits } from './config.ts'
import { provide, provideBy, Services } from './container.ts'
import { HeapGauge, HeapGuard, MemoryGauge } from './limits/heap-guard.ts'
import { Quotas } from './limits/quotas.ts'
import { GuardedLogger } from './observe/guarded-logger.ts'
import { GuardedMetrics } from './observe/guarded-metrics.ts'
import { ConsoleLogger, Logger } from './observe/log.ts'
import { LoopDelay, NoLoopDelay } from './observe/loop-delay.ts'
import { MemoryMetrics, Metrics } from './observe/metrics.ts'
import { Watchdog } from './observe/watchdog.ts'
import type { JuntoServerOptions } from './server-options.ts'
import { FileStore } from './store/file-store.ts'
import { Store } from './store/store.ts'
import { TurnEnd } from './sync/turn-end.ts'
import { SystemClock, SystemLoopDelay } from './system-clock.ts'
import { SystemRandom } from './system-random.ts'

/**
 * The services of a server: its defaults, what its options say instead, and its own parts, which nobody replaces.
 *
 * @throws what a service throws that is made here.
 */
export function serverServices(options: JuntoServerOptions, limits: Limits): Services {
  const { container, services = [] } = options
  const defaults = [
    provide(Clock, SystemClock),
    provide(RandomSource, SystemRandom),
    provide(MemoryGauge, HeapGauge),
    provideBy(Logger, () => new ConsoleLogger(options.logLevel)),
    provide(Metrics, MemoryMetrics),
    provideBy(LoopDelay, (root) =>
      root.resolve(Clock) instanceof SystemClock ? new SystemLoopDelay() : new NoLoopDelay(),
    ),
    provideBy(Store, () => new FileStore('.junto')),
  ]
  const given = [
    ...(options.clock ? [provide(Clock, options.clock)] : []),
    ...(options.random ? [provide(RandomSource, options.random)] : []),
    ...(options.logger ? [provide(Logger, options.logger)] : []),
    ...(options.metrics ? [provide(Metrics, options.metrics)] : []),
    ...(options.store ? [provide(Store, options.store)] : []),
  ]
  const own = [
    provide(ServerLimits, limits),
    provideBy(TurnEnd, (root) => new TurnEnd(root.resolve(Clock))),
    provideBy(HeapGuard, (root) => new HeapGuard(root.resolve(Clock), root.resolve(MemoryGauge), limits)),
    provideBy(
      Quotas,
      (root) =>
        new Quotas({
          clock: root.resolve(Clock),
          limits,
          heap: root.resolve(HeapGuard),
          metrics: root.resolve(Metrics),
        }),
    ),
    provideBy(
      Watchdog,
      (root) => new Watchdog(root.resolve(Clock), root.resolve(Logger), root.resolve(Metrics), limits.blockedAfter),
    ),
  ]
  // A container of the user's own wins over the defaults; what stands in the options, over both.
  const fallbacks = container ? defaults.filter(({ token }) => !Services.provides(container, token)) : defaults
  return Services.root([...fallbacks, ...given, ...services, ...own], container, guardObservers)
}

/** What a program's logger and metrics throw shall reach nobody. */
function guardObservers(root: Services): void {
  const logger: Logger = new GuardedLogger(root.resolve(Logger), () => metrics.count('log_lines_lost'))
  const metrics = new GuardedMetrics(root.resolve(Metrics), logger)
  root.set(Logger, logger)
  root.set(Metrics, metrics)
  root.set(GuardedMetrics, metrics)
}
