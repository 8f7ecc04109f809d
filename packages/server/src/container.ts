import './reflect.ts'
import { container as globalContainer, inject as injectToken } from 'tsyringe'
import type { DependencyContainer, InjectionToken } from 'tsyringe'

export type { DependencyContainer } from 'tsyringe'

/** Names a service: a class, often an abstract one, whose instances (or whose subclasses' instances) provide it. */
export type Token<T> = abstract new (...parameters: never[]) => T

/** A class that can be constructed with its parameters injected. */
export type Constructable<T> = new (...parameters: never[]) => T

/** What stands behind a token; made by {@link provide}. */
export interface Provided {
  readonly token: Token<object>
  /** An instance, or what makes one, once. */
  readonly service: object | ((services: Services) => object)
  readonly kind: 'instance' | 'class' | 'factory'
}

/**
 * Says what provides a service, for the server's `services` option.
 *
 * @param token The class by which rooms ask for it: `this.inject(Database)`.
 * @param service An instance; or a class, of which the server makes one instance when it starts (its constructor's
 *   parameters are injected) and disposes of it, when it has a `dispose` method, at the end. Left out: the token itself.
 */
export function provide<T extends object>(token: Token<T>, service: T | Constructable<T>): Provided
export function provide<T extends object>(token: Constructable<T>): Provided
export function provide<T extends object>(token: Token<T>, service: T | Token<T> = token): Provided {
  return { token, service, kind: typeof service === 'function' ? 'class' : 'instance' }
}

/** Like {@link provide}, with a function that makes the instance when somebody first asks for it. */
export function provideBy<T extends object>(token: Token<T>, make: (services: Services) => T): Provided {
  return { token, service: make, kind: 'factory' }
}

/** Marks a constructor's parameter as a service: `constructor(@inject(Clock) readonly clock: Clock)`. */
export function inject(token: Token<unknown>) {
  return injectToken(forTsyringe(token))
}

/**
 * The services of a server, or of one of its rooms: a tsyringe container that asks its parents properly. In tsyringe, a
 * singleton that is first resolved through a child belongs to the child and dies with it; here every service is made
 * by the scope where it is registered.
 */
export class Services {
  /** The tsyringe container of this scope alone. */
  readonly container: DependencyContainer
  readonly #parent: Services | undefined
  /** What this scope made of the classes it was given: tsyringe does not dispose of what a factory made. */
  readonly #made: object[] = []

  private constructor(container: DependencyContainer, parent: Services | undefined) {
    this.container = container
    this.#parent = parent
  }

  /**
   * The services of a server: what it provides, within a container of the user's.
   *
   * @param provided Later ones win over earlier ones, and all of them over the outer container.
   * @param outer Default: tsyringe's global container, where `@singleton()` registers.
   * @param before Called before any service is made: may put something before one.
   */
  static root(
    provided: readonly Provided[],
    outer: DependencyContainer = globalContainer,
    before: (root: Services) => void = () => {},
  ): Services {
    const root = new Services(outer, undefined).child()
    const made: Token<object>[] = []
    for (const { token, service, kind } of provided) {
      const key = forTsyringe(token)
      switch (kind) {
        case 'instance':
          root.container.registerInstance(key, service)
          break
        case 'class': {
          // `provide` found a function, and accepts no other functions than classes.
          const type = service as Constructable<object>
          injectedTokens(type)
          root.container.register(key, { useFactory: once(() => root.#keep(root.construct(type))) })
          made.push(token)
          break
        }
        case 'factory': {
          // `provideBy` accepts nothing else.
          const make = service as (services: Services) => object
          root.container.register(key, { useFactory: once(() => root.#keep(make(root))) })
        }
      }
    }
    before(root)
    // Made now, so that a service that cannot start stops the server and not the first room.
    for (const token of made) root.resolve(token)
    return root
  }

  /** Whether a container, or one around it, provides a service. */
  static provides(container: DependencyContainer, token: Token<unknown>): boolean {
    return container.isRegistered(forTsyringe(token), true)
  }

  /** A scope within this one, for one room. Costs about a microsecond. */
  child(): Services {
    return new Services(this.container.createChildContainer(), this)
  }

  /** Provides a service in this scope and those within it. */
  set<T extends object>(token: Token<T>, instance: T): void {
    this.container.registerInstance(forTsyringe(token), instance)
  }

  /** Whether somebody provides this service. */
  has(token: Token<unknown>): boolean {
    return this.#owner(token) !== undefined
  }

  /**
   * The service behind a token.
   *
   * @throws Error when nobody provides it. tsyringe would construct the token itself, which for an abstract class yields
   *   an object without methods.
   */
  resolve<T>(token: Token<T>): T {
    const owner = this.#owner(token)
    if (!owner) {
      throw new Error(
        `Nobody provides ${token.name}: add it to the server's services, as in ` +
          `new JuntoServer({ services: [provide(${token.name}, …)] })`,
      )
    }
    return owner.container.resolve(forTsyringe(token))
  }

  /** Makes an instance of a class, with the parameters of its constructor injected from this scope. */
  construct<T>(type: Constructable<T>): T {
    const parameters = injectedTokens(type).map((token) => this.resolve(token))
    // The parameters' types are what the class declared beside its tokens: nothing can check that here.
    return new type(...(parameters as never[]))
  }

  /**
   * Disposes of what this scope made, last made first; nothing of what it was given. One that fails does not keep the
   * others: the first failure is thrown at the end.
   *
   * @param bound Limits how long one service is waited for, so that none keeps the others either.
   */
  async dispose(bound: (disposal: Promise<unknown>) => Promise<unknown> = (disposal) => disposal): Promise<void> {
    const failures: unknown[] = []
    for (const service of this.#made.toReversed()) {
      try {
        if (isDisposable(service)) await bound(Promise.resolve(service.dispose()))
      } catch (error) {
        failures.push(error)
      }
    }
    await this.container.dispose()
    if (failures.length > 0) throw failures[0]
  }

  #keep<T extends object>(service: T): T {
    this.#made.push(service)
    return service
  }

  #owner(token: Token<unknown>): Services | undefined {
    const here =
      this.#parent === undefined
        ? Services.provides(this.container, token)
        : this.container.isRegistered(forTsyringe(token))
    if (here) return this
    return this.#parent === undefined ? undefined : this.#parent.#owner(token)
  }
}

/**
 * The tokens of a class's constructor parameters, in order. A class without a constructor of its own is built like the
 * nearest class it extends that has parameters.
 *
 * @throws Error naming the class when a parameter has no `@inject`: compilers differ in what they emit for a bare one,
 *   so that it would be injected under one and be `undefined` under another.
 */
export function injectedTokens(type: Constructable<unknown>): readonly Token<unknown>[] {
  for (let at: unknown = type; typeof at === 'function' && at !== Function.prototype; at = Object.getPrototypeOf(at)) {
    const descriptors = tokenDescriptors(at)
    const count = Math.max(at.length, ...Object.keys(descriptors).map((index) => Number(index) + 1))
    if (count === 0) continue
    return Array.from({ length: count }, (_, index) => {
      const descriptor = descriptors[index]
      if (descriptor) return descriptor.token
      const inherited = at === type ? '' : `, which ${type.name} extends,`
      throw new Error(
        `Parameter ${index + 1} of the constructor of ${(at as Constructable<unknown>).name}${inherited} has no ` +
          '@inject(Token). Mark every parameter, or ask for services in fields: readonly clock = this.inject(Clock)',
      )
    })
  }
  return []
}

/** What tsyringe's `@inject` left behind on a class. */
function tokenDescriptors(type: object): { readonly [index: number]: { readonly token: Token<unknown> } } {
  // Written by tsyringe under this key; only `inject` above writes there in our classes, with classes as tokens.
  return (Reflect.getOwnMetadata('injectionTokens', type) ?? {}) as { [index: number]: { token: Token<unknown> } }
}

function isDisposable(service: object): service is { dispose(): unknown } {
  return 'dispose' in service && typeof service.dispose === 'function'
}

function once<T>(make: () => T): () => T {
  let made: { value: T } | undefined
  return () => (made ??= { value: make() }).value
}

/** tsyringe's types know no abstract classes as tokens; at run time any class is one. */
function forTsyringe<T>(token: Token<T>): InjectionToken<T> {
  return token as unknown as InjectionToken<T>
}
